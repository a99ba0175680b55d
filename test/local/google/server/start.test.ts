import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../../../local/google/api/http-exchange.ts';
import { startLocalGoogle } from '../../../../local/google/local-google.ts';
import { parseConfiguration } from '../../../../local/google/parse-configuration.ts';
import { listProcesses, makeConfig } from '../google-server.ts';
import { makeFolder, startServer } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const other = createServer();
let ports: { readonly google: number; readonly storage: number };

beforeAll(async () => {
  const storage = Number(new URL(await listenOnLoopback(other)).port);
  const free = createServer();
  const google = Number(new URL(await listenOnLoopback(free)).port);
  await closeServer(free);
  ports = { google, storage };
});

afterAll(async () => {
  await closeServer(other);
  removeFolder();
});

function makeTaken(name: string): object {
  return { ...makeConfig(join(folder, name)), ports, seed: [] };
}

describe('a start whose port of storage is taken', () => {
  it('leaves nothing of what had started before', async () => {
    const configuration = parseConfiguration(JSON.stringify(makeTaken('one')));
    const start = startLocalGoogle({ ...configuration, stdinIsLease: false }, 'taken-port-test');
    await expect(start).rejects.toThrow(`the port ${ports.storage} of 127.0.0.1 is taken`);
    await expect(fetch(`http://127.0.0.1:${ports.google}/`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
    expect(existsSync(configuration.dataDirectory)).toBe(false);
  });

  it('ends the process with one sentence, and its object store', async () => {
    const run = 'taken-port-process-test';
    const script = 'local/google/main.ts';
    const start = startServer({ runtime: 'node', script, run }, folder, makeTaken('two'));
    const sentence = `local/google: the port ${ports.storage} of 127.0.0.1 is taken\n`;
    await expect(start).rejects.toThrow(`${script} ended with status 1: ${sentence}`);
    expect(listProcesses(`JOBGATE_RUN=${run}`)).toEqual([]);
  });
});

describe('a start that cannot write down its object store', () => {
  it('ends the store', async () => {
    const run = 'unwritable-store-test';
    const stateDirectory = join(folder, 'unwritable');
    mkdirSync(join(stateDirectory, 'object-store', 'server.json.draft'), { recursive: true });
    const config = { ...makeConfig(join(folder, 'three')), stateDirectory, seed: [] };
    const script = 'local/google/main.ts';
    const start = startServer({ runtime: 'node', script, run }, folder, config);
    await expect(start).rejects.toThrow('EISDIR');
    expect(listProcesses(`JOBGATE_RUN=${run}`)).toEqual([]);
  });
});
