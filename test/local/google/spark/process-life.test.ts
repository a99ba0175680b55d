import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import { listProcesses, makeBatch, parent, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();

afterAll(removeFolder);

async function startWithBatch(run: string): Promise<LocalServer> {
  const own = join(folder, run);
  mkdirSync(own);
  const server = await startGoogle(own, { run });
  const url = `${String(server.ready['google'])}/v1/${parent}/batches`;
  const body = makeBatch('hang.py');
  const create = { method: 'POST', token: 'submitter-token', body };
  expect((await send(`${url}?batchId=hang-1`, create)).status).toBe(200);
  await waitFor(async () => {
    const reply = await send(`${url}/hang-1`, { token: 'submitter-token' });
    const running = parseObject(reply.body, 'the batch')['state'] === 'RUNNING';
    return running && listProcesses('JOBGATE_BATCH=hang-1').length > 0 ? true : undefined;
  });
  return server;
}

describe('the local Google', () => {
  it.each([
    ['SIGTERM', (server: LocalServer) => server.stop()],
    ['SIGINT', (server: LocalServer) => server.stop((child) => child.kill('SIGINT'))],
    [
      'the end of its standard input',
      (server: LocalServer) => server.stop((child) => child.stdin?.end()),
    ],
  ])('ends by %s with status 0 and leaves no process and no file', async (how, stop) => {
    const run = `life-${how.length}`;
    const server = await startWithBatch(run);
    expect(await stop(server)).toBe(0);
    expect(listProcesses(`JOBGATE_RUN=${run}`)).toEqual([]);
    const own = join(folder, run);
    expect(existsSync(join(own, 'google', 'data'))).toBe(false);
    expect(readdirSync(own).filter((name) => /spark|hsperf|tmp/.test(name))).toEqual([]);
  });

  it.each([
    ['an unknown key', { more: 1 }, 'the file has the unknown key "more"'],
    [
      'a mistyped key',
      { maxConcurrentRuns: 0 },
      'maxConcurrentRuns must be a whole number from 1 to 16',
    ],
    [
      'an address that is not loopback',
      { awsSts: 'http://10.0.0.1:80' },
      'awsSts must be like http://127.0.0.1:4566',
    ],
    [
      'a token for nobody',
      { staticTokens: { t: 'x@y' } },
      'staticTokens names the account x@y, which is not in accounts',
    ],
    [
      'buckets without that of a seed',
      { buckets: ['b-1'] },
      'seed names the bucket jobgate-staging, which is not in buckets',
    ],
  ])('does not start with %s', async (_, changes, sentence) => {
    const own = join(folder, `config-${Object.keys(changes).join('-')}`);
    mkdirSync(own);
    await expect(startGoogle(own, { run: 'config', ...changes })).rejects.toThrow(
      `local/google/main.ts ended with status 2: local/google: ${sentence}\n`,
    );
  });
});
