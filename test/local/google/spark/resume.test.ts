import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { parseObject, parseText } from '../../../../local/google/shape.ts';
import { isAlive, parseProcessIdentity } from '../../../../local/google/state/process-identity.ts';
import type { RunSpec } from '../../../../local/google/spark/run.ts';
import { listProcesses, makeConfig, waitFor } from '../google-server.ts';
import { makeFolder, toolchain } from '../local-server.ts';
import type { EngineCommand } from './engine-server.ts';
import { makeSpec, readOutput } from './engine.ts';

const [folder, removeFolder] = makeFolder();
const state = join(folder, 'state');
const servers: EngineServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
  for (const entry of listProcesses('JOBGATE_RUN=resume-test'))
    process.kill(Number(entry), 'SIGKILL');
  removeFolder();
});

interface EngineServer {
  /** Address of its object store. */
  readonly storage: string;
  readonly ask: (command: EngineCommand) => Promise<string>;
  /** Waits until the driver has ended that was asked for last. */
  readonly waitForEnd: () => Promise<unknown>;
  readonly kill: () => Promise<void>;
}

/** Starts an engine on the one state directory of this file. */
async function startEngineServer(): Promise<EngineServer> {
  mkdirSync(join(folder, 'data'), { recursive: true });
  const seed = Object.entries(programs).map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return { uri: `gs://jobgate-staging/${name}`, file };
  });
  const file = join(folder, 'engine.json');
  const config = { ...makeConfig(folder), stateDirectory: state, seed };
  writeFileSync(file, JSON.stringify(config));
  const script = join(import.meta.dirname, 'engine-server.ts');
  const env = { PATH: process.env['PATH'] ?? '', TMPDIR: folder, JOBGATE_RUN: 'resume-test' };
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  const child = spawn(String(toolchain['node']), [script, file], { env, stdio: [...stdio] });
  const server = await attend(child);
  servers.push(server);
  return server;
}

async function attend(child: ChildProcess): Promise<EngineServer> {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the engine has no pipes');
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const messages: Record<string, unknown>[] = [];
  createInterface(stdout).on('line', (line) => {
    messages.push({ ...parseObject(JSON.parse(line), 'a message') });
  });
  const next = (key: string) =>
    waitFor(() => {
      const place = messages.findIndex((message) => key in message);
      const [message] = place < 0 ? [] : messages.splice(place, 1);
      return Promise.resolve(message?.[key]);
    });
  return {
    storage: parseText(await next('ready'), 'ready'),
    ask: async (command) => {
      stdin.write(`${JSON.stringify(command)}\n`);
      return parseText(await next('answer'), 'answer');
    },
    waitForEnd: () => next('end'),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const programs = {
  'count.py': `
import os, sys, time
n = 0
while not os.path.exists(sys.argv[1]):
    n += 1
    print(n, flush=True)
    time.sleep(0.02)
print("last", flush=True)
sys.exit(int(sys.argv[2]))
`,
  'hang.py': 'import time\nprint("hangs", flush=True)\ntime.sleep(600)\n',
} as const;

function specOf(program: keyof typeof programs, args: readonly string[] = []): RunSpec {
  const nothing = { pythonFileUris: [], jarFileUris: [], fileUris: [], archiveUris: [] };
  const mainPythonFileUri = `gs://jobgate-staging/${program}`;
  return makeSpec({ kind: 'pyspark', mainPythonFileUri, args, ...nothing });
}

async function startAndAwait(server: EngineServer, spec: RunSpec, text: string): Promise<void> {
  expect(await server.ask({ do: 'start', spec })).toBe('running');
  await waitFor(async () =>
    (await readOutput(server.storage, spec)).join('').includes(text) ? true : undefined,
  );
}

/** Checks that the lines between the first and the last are 1, 2, 3 and so on, each once. */
function expectWhole(parts: readonly string[]): void {
  const lines = parts.join('').split('\n');
  expect(lines[0]).toMatch(/ INFO SparkSubmit: driver pid \d+, run /);
  expect(lines.slice(-2)).toEqual(['last', '']);
  const counted = lines.slice(1, -2);
  expect(counted).toEqual(counted.map((_, place) => String(place + 1)));
  expect(parts.indexOf('')).toBe(parts.length - 1);
}

describe('a driver whose server is killed', () => {
  it('goes on, and the next server follows it to its end', async () => {
    const go = join(folder, 'go');
    const spec = specOf('count.py', [go, '0']);
    const first = await startEngineServer();
    await startAndAwait(first, spec, '\n10\n');
    await first.kill();
    const second = await startEngineServer();
    expect(await second.ask({ do: 'resume', spec })).toBe('running');
    expect(await second.ask({ do: 'endOrphans' })).toBe('done');
    const before = (await readOutput(second.storage, spec)).join('').length;
    await waitFor(async () => {
      const output = (await readOutput(second.storage, spec)).join('');
      return output.length > before ? true : undefined;
    });
    writeFileSync(go, '');
    expect(await second.waitForEnd()).toEqual({ kind: 'succeeded' });
    expectWhole(await readOutput(second.storage, spec));
    expect(readdirSync(join(state, 'runs'))).toEqual([]);
    await waitFor(() =>
      Promise.resolve(readdirSync(join(state, 'drivers')).length === 0 ? true : undefined),
    );
    expect(await second.ask({ do: 'resume', spec })).toBe('gone');
  });

  it('and that ends before the next one comes has its output and its true end', async () => {
    const go = join(folder, 'go');
    const spec = specOf('count.py', [go, '3']);
    const first = await startEngineServer();
    await startAndAwait(first, spec, '\n10\n');
    await first.kill();
    writeFileSync(go, '');
    await waitFor(() =>
      Promise.resolve(listProcesses(`JOBGATE_DRIVER=${spec.uuid}`).length === 0 ? true : undefined),
    );
    const second = await startEngineServer();
    expect(await second.ask({ do: 'resume', spec })).toBe('running');
    expect(await second.waitForEnd()).toEqual({
      kind: 'failed',
      reason: 'User application exited with 3',
    });
    expectWhole(await readOutput(second.storage, spec));
  });

  it('is ended by the next one as one of its own', async () => {
    const spec = specOf('hang.py');
    const first = await startEngineServer();
    await startAndAwait(first, spec, 'hangs');
    await first.kill();
    const second = await startEngineServer();
    expect(await second.ask({ do: 'resume', spec })).toBe('running');
    expect(await second.ask({ do: 'terminate', spec })).toBe('done');
    expect(await second.waitForEnd()).toEqual({ kind: 'terminated' });
    expect(listProcesses(`JOBGATE_DRIVER=${spec.uuid}`)).toEqual([]);
  });

  it('and that nobody resumes is ended, while a run that never started is unknown', async () => {
    const spec = specOf('hang.py');
    const first = await startEngineServer();
    await startAndAwait(first, spec, 'hangs');
    await first.kill();
    const second = await startEngineServer();
    expect(await second.ask({ do: 'resume', spec: specOf('hang.py') })).toBe('gone');
    expect(await second.ask({ do: 'endOrphans' })).toBe('done');
    expect(listProcesses(`JOBGATE_DRIVER=${spec.uuid}`)).toEqual([]);
    expect(readdirSync(join(state, 'runs'))).toEqual([]);
    expect(await second.ask({ do: 'resume', spec })).toBe('gone');
  });
});

describe('the object store of a killed server', () => {
  it('is ended, and the next one has its address and its objects', async () => {
    const first = await startEngineServer();
    const upload = `${first.storage}/upload/storage/v1/b/jobgate-data/o?uploadType=media&name=a/b`;
    const headers = { 'content-type': 'text/csv' };
    await fetch(upload, { method: 'POST', headers, body: 'kept' });
    await fetch(`${first.storage}/storage/v1/b/jobgate-staging/o/hang.py`, { method: 'DELETE' });
    const described = await describeObject(first.storage, 'jobgate-data/o/a%2Fb');
    const record = parseObject(
      JSON.parse(readFileSync(join(state, 'object-store', 'server.json'), 'utf8')),
      'the record',
    );
    const store = parseProcessIdentity(record['process'], 'process');
    await first.kill();
    expect(isAlive(store)).toBe(true);
    const second = await startEngineServer();
    expect(isAlive(store)).toBe(false);
    expect(second.storage).toBe(first.storage);
    expect(await describeObject(second.storage, 'jobgate-data/o/a%2Fb')).toEqual(described);
    expect(described).toMatchObject({ contentType: 'text/csv', size: '4' });
    const content = await fetch(`${second.storage}/storage/v1/b/jobgate-data/o/a%2Fb?alt=media`);
    expect(await content.text()).toBe('kept');
  });
});

async function describeObject(storage: string, path: string): Promise<object> {
  const body: unknown = await (await fetch(`${storage}/storage/v1/b/${path}`)).json();
  return parseObject(body, 'the object');
}
