import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../../../local/google/api/http-exchange.ts';
import type { Table } from '../../../../local/google/shape.ts';
import { listProcesses, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, makeJob, makeJobCalls, statesOf } from './sample-job.ts';

const run = 'restart-test';
const [folder, removeFolder] = makeFolder();
const stateDirectory = join(folder, 'state');
let server: LocalServer | undefined;

afterAll(async () => {
  await server?.stop();
  for (const pid of listProcesses(`JOBGATE_RUN=${run}`)) process.kill(Number(pid), 'SIGKILL');
  removeFolder();
});

async function start(changes: Table = {}) {
  const config = { run, clusters: [cluster], stateDirectory, maxConcurrentRuns: 1, ...changes };
  server = await startGoogle(folder, config);
  return makeJobCalls(String(server.ready['google']));
}

async function kill(): Promise<void> {
  if (server === undefined) throw new Error('there is no server');
  const exited = once(server.child, 'exit');
  server.child.kill('SIGKILL');
  await exited;
  server = undefined;
}

/** Finds the uuid of the one driver that was written down. */
function findDriver(): string {
  const [file = ''] = readdirSync(join(stateDirectory, 'drivers'));
  return file.replace('.json', '');
}

/** Waits until the program has started all that it starts, and returns its processes. */
async function waitForProcesses(uuid: string): Promise<readonly string[]> {
  const log = join(stateDirectory, 'runs', uuid, 'driver.log');
  await waitFor(() =>
    Promise.resolve(readFileSync(log, 'utf8').includes('names:') ? true : undefined),
  );
  return listProcesses(`JOBGATE_DRIVER=${uuid}`);
}

describe('a driver whose server was killed', () => {
  it('is left alone by a server that does not start, and nothing that waits starts', async () => {
    const before = await start();
    await before.submit(makeJob('hangs', 'hang.py'));
    await before.submit(makeJob('waits', 'noop.py'));
    await before.waitForState('hangs', 'RUNNING');
    const uuid = findDriver();
    const pids = await waitForProcesses(uuid);
    await kill();
    const other = createServer();
    const port = Number(new URL(await listenOnLoopback(other)).port);
    await expect(start({ ports: { google: 0, storage: port } })).rejects.toThrow('is taken');
    await closeServer(other);
    expect(listProcesses(`JOBGATE_DRIVER=${uuid}`)).toEqual(pids);
    expect(findDriver()).toBe(uuid);

    const after = await start();
    expect(await after.get('hangs')).toMatchObject({ status: { state: 'RUNNING' } });
    expect(statesOf(await after.get('waits')).at(-1)).not.toBe('DONE');
  });

  it('does not run twice when its job had not learnt of it', async () => {
    const uuid = findDriver();
    const pids = await waitForProcesses(uuid);
    await kill();
    const jobs = readdirSync(join(stateDirectory, 'jobs')).map((f) =>
      join(stateDirectory, 'jobs', f),
    );
    const file = jobs.find((path) => readFileSync(path, 'utf8').includes('"jobId":"hangs"')) ?? '';
    const document = JSON.parse(readFileSync(file, 'utf8')) as {
      progress: { attempt: { started: boolean }; statuses: unknown[] };
    };
    expect(document.progress.attempt.started).toBe(true);
    document.progress.attempt.started = false;
    document.progress.statuses = document.progress.statuses.slice(0, 1);
    writeFileSync(file, JSON.stringify(document));

    const after = await start();
    const job = await after.waitForState('hangs', 'RUNNING');
    expect(statesOf(job)).toEqual(['PENDING', 'SETUP_DONE', 'RUNNING']);
    expect(findDriver()).toBe(uuid);
    expect(listProcesses(`JOBGATE_DRIVER=${uuid}`)).toEqual(pids);
    await after.call('POST', 'jobs/hangs:cancel', {});
    await after.waitForState('waits', 'DONE');
    expect(await after.get('hangs')).toMatchObject({ status: { state: 'CANCELLED' } });
  });
});
