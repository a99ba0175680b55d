import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetConfig } from '../../shared/config/targets.ts';
import { isTerminal, type JobId } from '../../shared/jobs/job.ts';
import type { JobReference, UpstreamJob } from '../../shared/jobs/ports.ts';
import { send, startGoogle, waitFor } from '../local/google/google-server.ts';
import { type LocalServer, makeFolder } from '../local/google/local-server.ts';
import { makeJobId } from '../support/job-records.ts';
import { ANALYTICS, makeAdapterTo } from './dataproc-adapter.ts';
import { CLUSTER, EPHEMERAL, SHARED, toPyspark } from './dataproc-targets.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;

beforeAll(async () => {
  const options = { run: 'time-limits-test', clusters: [CLUSTER], maxConcurrentRuns: 3 };
  server = await startGoogle(folder, options);
  google = String(server.ready['google']);
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

function soon(): Date {
  return new Date(Date.now() + 60_000);
}

function toReference(jobId: JobId, target: TargetConfig): JobReference {
  return { jobId, target: target.name, account: 'jg-read-local', deadline: soon() };
}

/** Submits a job that runs for as long as it is let, and waits until it runs. */
async function start(target: TargetConfig): Promise<JobId> {
  const jobId = makeJobId();
  await makeAdapterTo(google, target).submit({
    jobId,
    program: toPyspark('hang.py'),
    target: target.name,
    submitterAccount: 'jg-submit-preprocess',
    runtimeAccount: target.kind === 'cluster' ? null : 'jg-run-preprocess',
    maxRuntimeSeconds: 600,
    labels: { 'jg-template': 'preprocess' },
    deadline: soon(),
  });
  await waitUntil(jobId, target, ({ state }) => state === 'running');
  return jobId;
}

function waitUntil(
  jobId: JobId,
  target: TargetConfig,
  is: (job: UpstreamJob) => boolean,
): Promise<UpstreamJob> {
  return waitFor(async () => {
    const job = await makeAdapterTo(google, target).find(toReference(jobId, target));
    return job !== undefined && is(job) ? job : undefined;
  });
}

function waitForEnd(jobId: JobId, target: TargetConfig): Promise<UpstreamJob> {
  return waitUntil(jobId, target, ({ state }) => isTerminal(state));
}

async function cancel(jobId: JobId, target: TargetConfig): Promise<void> {
  const job = await waitUntil(jobId, target, () => true);
  await makeAdapterTo(google, target).cancel(job, toReference(jobId, target));
}

async function moveClockAhead(aheadSeconds: number): Promise<void> {
  const reply = await send(`${google}/_local/clock`, { method: 'POST', body: { aheadSeconds } });
  expect(reply.status).toBe(200);
}

const LIMITS = [
  ['a batch', ANALYTICS],
  ['a workflow', EPHEMERAL],
] as const;

describe('the time limit that Dataproc keeps', () => {
  it.each(LIMITS)('is why %s ended that it has ended', async (_, target) => {
    const jobId = await start(target);
    await moveClockAhead(600);
    expect(await waitForEnd(jobId, target)).toMatchObject({
      state: 'cancelled',
      error: { class: 'policy', code: 'max_runtime_reached', retryable: false },
    });
  });

  it.each(LIMITS)('is not why %s ended that was cancelled before', async (_, target) => {
    const jobId = await start(target);
    await moveClockAhead(300);
    await cancel(jobId, target);
    expect(await waitForEnd(jobId, target)).toMatchObject({ state: 'cancelled', error: null });
  });

  it('is none for a job on a cluster', async () => {
    const jobId = await start(SHARED);
    await moveClockAhead(1200);
    await cancel(jobId, SHARED);
    expect(await waitForEnd(jobId, SHARED)).toMatchObject({ state: 'cancelled', error: null });
  });
});

describe('the clock of the local Dataproc', () => {
  it.each([0, -1, 1.5, 1_209_601, '600', null])('is not moved ahead by %j', async (seconds) => {
    const body = { aheadSeconds: seconds };
    const reply = await send(`${google}/_local/clock`, { method: 'POST', body });
    expect(reply.status).toBe(400);
  });
});
