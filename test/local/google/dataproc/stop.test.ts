import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseObject, type Table } from '../../../../local/google/shape.ts';
import { listProcesses, makeBatch, parent, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, makeJob, makeJobCalls } from './sample-job.ts';

const run = 'stop-test';
const [folder, removeFolder] = makeFolder();
const stateDirectory = join(folder, 'state');
let server: LocalServer | undefined;

afterAll(removeFolder);
afterAll(async () => {
  await server?.stop();
});

/** Three drivers run at once. */
async function start() {
  const changes = { run, clusters: [cluster], stateDirectory, maxConcurrentRuns: 3 };
  const started = await startGoogle(folder, changes);
  server = started;
  const google = String(started.ready['google']);
  const read = async (name: string): Promise<Table> =>
    parseObject((await send(`${google}/v1/${name}`, { token: 'submitter-token' })).body, name);
  const waitForBatch = (id: string, state: string) =>
    waitFor(async () => {
      const found = await read(`${parent}/batches/${id}`);
      return found['state'] === state ? found : undefined;
    });
  const createBatch = (id: string, body: Table) =>
    send(`${google}/v1/${parent}/batches?batchId=${id}`, {
      ...{ method: 'POST', token: 'submitter-token', body },
    });
  const calls = makeJobCalls(google);
  return { ...calls, stop: started.stop, read, waitForBatch, createBatch };
}

const workflow = {
  placement: { clusterSelector: { clusterLabels: { env: 'local' } } },
  jobs: [
    { stepId: 'hangs', pysparkJob: { mainPythonFileUri: 'gs://jobgate-staging/jobs/hang.py' } },
  ],
};

describe('a server that is stopped', () => {
  it('cancels what runs, and what waits starts with the next one', async () => {
    const first = await start();
    await first.submit(makeJob('runs', 'hang.py'));
    await first.createBatch('runs', makeBatch('hang.py'));
    const instance = await first.call('POST', 'workflowTemplates:instantiateInline', workflow);
    const operation = String(parseObject(instance.body, 'the operation')['name']);
    await first.waitForBatch('runs', 'RUNNING');
    await first.submit(makeJob('waits', 'noop.py'));
    await first.createBatch('waits', makeBatch('noop.py'));
    const waiting = await waitFor(async () => {
      const { status } = await first.get('waits');
      const { substate } = parseObject(status, 'status');
      return substate === 'QUEUED' ? status : undefined;
    });
    expect(waiting).toMatchObject({ state: 'RUNNING' });

    expect(await first.stop()).toBe(0);
    expect(listProcesses(`JOBGATE_RUN=${run}`)).toEqual([]);

    const second = await start();
    const reason = 'The local Dataproc stopped.';
    expect(await second.get('runs')).toMatchObject({
      done: true,
      status: { state: 'CANCELLED', details: reason },
    });
    expect(await second.read(`${parent}/batches/runs`)).toMatchObject({
      state: 'CANCELLED',
      stateMessage: reason,
      stateHistory: [{ state: 'PENDING' }, { state: 'RUNNING' }, { state: 'CANCELLING' }],
    });
    expect(await second.read(operation)).toMatchObject({
      done: true,
      error: { code: 13, message: `Workflow failed: step hangs failed: ${reason}` },
    });
    await second.waitForState('waits', 'DONE');
    await second.waitForBatch('waits', 'SUCCEEDED');
  });
});
