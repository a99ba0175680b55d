import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listProcesses, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, errorOf, makeJob, makeJobCalls } from './sample-job.ts';

const run = 'full-disk-test';
const [folder, removeFolder] = makeFolder();
const stateDirectory = join(folder, 'state');
let server: LocalServer | undefined;

afterAll(removeFolder);
afterAll(async () => {
  await server?.stop();
});

const kinds = ['jobs', 'drivers'].map((kind) => join(stateDirectory, kind));

/** Writing into a folder that is gone fails as on a full disk. */
describe('a state folder that cannot be written to', () => {
  it('loses no driver and no answer, and what it missed is written later', async () => {
    const changes = { run, clusters: [cluster], stateDirectory, maxConcurrentRuns: 1 };
    server = await startGoogle(folder, changes);
    const calls = makeJobCalls(String(server.ready['google']));
    await calls.submit(makeJob('hangs', 'hang.py'));
    await calls.submit(makeJob('waits', 'noop.py'));
    await calls.waitForState('hangs', 'RUNNING');
    for (const kind of kinds) rmSync(kind, { recursive: true });

    const refused = await calls.submit(makeJob('lost', 'noop.py'));
    expect(errorOf(refused)).toMatchObject({ code: 503, status: 'UNAVAILABLE' });
    expect((await calls.call('GET', 'jobs/lost')).status).toBe(404);
    await calls.call('POST', 'jobs/hangs:cancel', {});
    await calls.waitForState('hangs', 'CANCELLED');
    await calls.waitForState('waits', 'ERROR');
    expect(server.log()).toContain('ENOENT');

    for (const kind of kinds) mkdirSync(kind);
    await calls.submit(makeJob('later', 'noop.py'));
    await calls.waitForState('later', 'DONE');
    expect(readdirSync(join(stateDirectory, 'jobs'))).toHaveLength(3);
    expect(await server.stop()).toBe(0);
    expect(listProcesses(`JOBGATE_RUN=${run}`)).toEqual([]);
    server = await startGoogle(folder, changes);
    const after = makeJobCalls(String(server.ready['google']));
    expect(await after.get('hangs')).toMatchObject({ status: { state: 'CANCELLED' } });
    expect(await after.get('later')).toMatchObject({ status: { state: 'DONE' } });
  });
});
