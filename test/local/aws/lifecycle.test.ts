import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { awsCommand, type LocalServer, root, runServer } from './local-server.ts';
import { type Probe, startProbe } from './probe.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function startWithWorker(): Promise<{ readonly probe: Probe; readonly worker: number }> {
  const probe = await startProbe();
  folders.push(probe.server.folder);
  const text = await (await probe.call('/open?act=runtime')).text();
  return { probe, worker: Number(/"pid":(\d+)/.exec(text)?.[1]) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function expectNothingLeft(server: LocalServer, worker: number): Promise<void> {
  expect(isAlive(worker)).toBe(false);
  expect((await readdir(server.folder)).sort()).toEqual(['config.json', 'data']);
  const port = Number(new URL(String(server.ready['aws'])).port);
  const refused = new Promise((resolve) => {
    connect(port, '127.0.0.1').once('error', resolve);
  });
  expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
}

describe('the local AWS', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends on %s with status 0 and leaves nothing, even while a function runs',
    async (signal) => {
      const { probe, worker } = await startWithWorker();
      const running = probe.call('/open?act=slow').catch(() => undefined);
      await sleep(100);
      probe.server.child.kill(signal);
      expect(await probe.server.ended()).toBe(0);
      await running;
      await expectNothingLeft(probe.server, worker);
    },
  );

  it('ends when the process that holds its standard input goes away', async () => {
    const { probe, worker } = await startWithWorker();
    probe.server.child.stdin.end();
    expect(await probe.server.ended()).toBe(0);
    await expectNothingLeft(probe.server, worker);
  });

  it('takes its functions with it when it is killed', async () => {
    const { probe, worker } = await startWithWorker();
    probe.server.child.kill('SIGKILL');
    await probe.server.ended();
    await expect.poll(() => isAlive(worker), { timeout: 5000 }).toBe(false);
  });

  it.each([
    ['{', 'the file is not JSON'],
    ['{"stdinIsLease":true}', 'the file lacks the key "dataDirectory"'],
    ['{"stdinIsLease":true,"dataDirectory":"/x","port":1}', 'the file has the unknown key "port"'],
    ['{"stdinIsLease":1,"dataDirectory":"/x"}', 'stdinIsLease must be true or false'],
    ['{"stdinIsLease":true,"dataDirectory":"x"}', 'dataDirectory must be an absolute path'],
  ])('refuses the configuration %s', async (text, sentence) => {
    const folder = await mkdtemp(join(root, '.local', 'test-'));
    folders.push(folder);
    await writeFile(join(folder, 'config.json'), text);
    const end = await runServer([...awsCommand, '--config', join(folder, 'config.json')], folder);
    expect(end).toEqual({ status: 2, stderr: `local/aws: ${sentence}\n` });
  });

  it('says what to do when there is no Node on PATH', async () => {
    const folder = await mkdtemp(join(root, '.local', 'test-'));
    folders.push(folder);
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify({ stdinIsLease: false, dataDirectory: folder }));
    const end = await runServer([...awsCommand, '--config', file], folder, '/nowhere');
    expect(end).toEqual({
      status: 1,
      stderr: 'local/aws: no node on PATH: put the folder of Node 24 first on PATH\n',
    });
  });
});
