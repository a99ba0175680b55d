import { protos } from '@google-cloud/dataproc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobId } from '../../shared/jobs/job.ts';
import type { UpstreamJob } from '../../shared/jobs/ports.ts';
import { accounts, parent, startGoogle, waitFor } from '../local/google/google-server.ts';
import { type LocalServer, makeFolder } from '../local/google/local-server.ts';
import { makeGrpcClients, type OfficialClients } from '../local/google/official-clients.ts';
import { makeJobId } from '../support/job-records.ts';
import { makeAdapter } from './dataproc-adapter.ts';

type Batch = protos.google.cloud.dataproc.v1.IBatch;
const BatchState = protos.google.cloud.dataproc.v1.Batch.State;

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let clients: OfficialClients;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'answers-test' });
  clients = makeGrpcClients(String(server.ready['google']), 'submitter-token');
});

afterAll(removeFolder);
afterAll(async () => {
  await clients.close();
  await server.stop();
});

/** The states of a batch in Jobgate's words. */
const words = {
  PENDING: 'queued',
  RUNNING: 'running',
  CANCELLING: 'cancelling',
  CANCELLED: 'cancelled',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
} as const;

type State = keyof typeof words;

/** Creates a batch by Google's own client, which waits until it is in the state. */
async function reach(program: string, state: State): Promise<JobId> {
  const batchId = makeJobId();
  const mainPythonFileUri = `gs://jobgate-staging/jobs/${program}`;
  const executionConfig = { serviceAccount: accounts.runtime };
  const batch = {
    labels: { 'jg-template': 'sample' },
    pysparkBatch: { mainPythonFileUri },
    environmentConfig: { executionConfig },
  };
  const [operation] = await clients.batches.createBatch({ parent, batchId, batch });
  if (state === 'CANCELLED') {
    await waitForState(batchId, 'RUNNING');
    await operation.cancel();
  }
  await waitForState(batchId, state);
  return batchId;
}

async function waitForState(batchId: string, state: State): Promise<void> {
  await waitFor(async () => {
    const batch = await readOfficially(batchId);
    return nameState(batch.state) === state ? batch : undefined;
  });
}

function nameState(state: Batch['state']): string {
  return typeof state === 'string' ? state : (BatchState[Number(state)] ?? '');
}

async function readOfficially(batchId: string): Promise<Batch> {
  const [batch] = await clients.batches.getBatch({ name: `${parent}/batches/${batchId}` });
  return batch;
}

async function readByAdapter(jobId: JobId): Promise<UpstreamJob> {
  const reference = { jobId, target: 'analytics', account: 'jg-read-local' };
  const deadline = new Date(Date.now() + 20_000);
  const job = await makeAdapter(String(server.ready['google'])).find({ ...reference, deadline });
  if (job === undefined) throw new Error('the adapter finds no job');
  const toInstant = (text: string | null) => (text === null ? null : new Date(text).toISOString());
  return {
    ...job,
    startedAt: toInstant(job.startedAt),
    endedAt: toInstant(job.endedAt),
    history: job.history.map(({ state, at }) => ({ state, at: new Date(at).toISOString() })),
  };
}

function toInstant(timestamp: protos.google.protobuf.ITimestamp | null | undefined): string {
  const { seconds, nanos } = timestamp ?? {};
  return new Date(Number(seconds) * 1000 + Number(nanos) / 1e6).toISOString();
}

/** When a batch of Google's own client entered each of its states. */
function listTimes(batch: Batch): readonly string[] {
  const past = (batch.stateHistory ?? []).map(({ stateStartTime }) => toInstant(stateStartTime));
  return [...past, toInstant(batch.stateTime)];
}

function listStates(batch: Batch): readonly string[] {
  const past = (batch.stateHistory ?? []).map(({ state }) => nameState(state));
  return [...past, nameState(batch.state)];
}

/** What it used or takes up, in the adapter's members; only batches that have ended have been measured. */
function readUsage({ runtimeInfo }: Batch): Pick<UpstreamJob, 'usage' | 'size'> {
  const [usage, current] = [runtimeInfo?.approximateUsage, runtimeInfo?.currentUsage];
  if (current !== null && current !== undefined) {
    const { milliDcu, shuffleStorageGb } = current;
    return { size: { milliDcu: Number(milliDcu), shuffleGb: Number(shuffleStorageGb) } };
  }
  if (usage === null || usage === undefined) return {};
  const milliDcuSeconds = Number(usage.milliDcuSeconds);
  return {
    usage: { milliDcuSeconds, shuffleStorageGbSeconds: Number(usage.shuffleStorageGbSeconds) },
  };
}

const noRows = {
  class: 'user_code',
  code: 'driver_failed',
  message: 'ValueError: no rows in gs://x',
  retryable: false,
  logTail: [],
};

describe('the adapter reads what Google’s own client reads', () => {
  it.each([
    ['succeeded', 'noop.py', ['PENDING', 'RUNNING', 'SUCCEEDED'], null],
    ['failed', 'fail.py', ['PENDING', 'RUNNING', 'FAILED'], noRows],
    ['was cancelled', 'hang.py', ['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED'], null],
    ['runs', 'hang.py', ['PENDING', 'RUNNING'], null],
  ] as const)('of a batch that %s', async (_, program, states, error) => {
    const last = states[states.length - 1] ?? 'PENDING';
    const jobId = await reach(program, last);
    const [own, official] = [await readByAdapter(jobId), await readOfficially(jobId)];
    const times = listTimes(official);
    expect(listStates(official)).toEqual(states);
    expect(own).toEqual({
      ...{ jobId, state: words[last], waitReason: null, error },
      handle: official.operation,
      startedAt: times[1],
      endedAt: last === 'RUNNING' ? null : times.at(-1),
      history: states.map((state, index) => ({ state: words[state], at: times[index] })),
      labels: official.labels,
      driverOutputUri: official.runtimeInfo?.outputUri,
      ...readUsage(official),
    });
    expect('usage' in own).toBe(last !== 'RUNNING');
    expect(official.labels).toEqual({ 'jg-template': 'sample' });
    expect(official.runtimeInfo?.outputUri).toMatch(/^gs:\/\/jobgate-staging\/.*driveroutput$/);
    expect(official.stateMessage).toContain(error?.message ?? '');
  });
});
