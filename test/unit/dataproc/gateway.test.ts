import { describe, expect, it } from 'vitest';
import { ANALYTICS } from '../../support/targets.ts';
import { createDataprocGateway } from '../../../shared/dataproc/gateway.ts';
import type { JobId } from '../../../shared/jobs/job.ts';
import type { JobGateway, Submission } from '../../../shared/jobs/ports.ts';
import { toProblem, type Problem } from '../../../shared/problem.ts';
import { TransportError } from '../../../shared/transport.ts';
import { createClock, type FakeClock } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;
const BASE =
  'https://us-central1-dataproc.googleapis.com/v1/projects/acme/locations/us-central1/batches';
const DEADLINE = new Date('2026-01-15T12:00:25.000Z');
const SUBMISSION: Submission = {
  jobId: JOB,
  program: {
    kind: 'pyspark',
    mainUri: 'gs://stage/tidy.py',
    pyFileUris: [],
    args: [],
    properties: {},
    outputUri: 'gs://results/tidy/jg-1/',
  },
  target: 'analytics',
  submitterAccount: 'jg-submit-tidy',
  runtimeAccount: 'jg-run-tidy',
  maxRuntimeSeconds: 900,
  labels: {},
  deadline: DEADLINE,
};
const REFERENCE = { jobId: JOB, target: 'analytics', account: 'jg-read', deadline: DEADLINE };

interface Bench extends FakeSend {
  readonly clock: FakeClock;
  readonly gateway: JobGateway;
}

function createBench(...answers: readonly Scripted[]): Bench {
  const clock = createClock();
  const fake = createFakeSend(...answers);
  const gateway = createDataprocGateway({
    targets: new Map([['analytics', ANALYTICS]]),
    endpoint: null,
    tokens: (email) => Promise.resolve(`token-of-${email}`),
    send: fake.send,
    now: clock.now,
    sleep: clock.sleep,
  });
  return { ...fake, clock, gateway };
}

function queryOf(url: string | undefined): URLSearchParams {
  return new URL(url ?? '').searchParams;
}

async function refusal(work: Promise<unknown>): Promise<Problem> {
  return work.then(() => {
    throw new Error('nothing was refused');
  }, toProblem);
}

describe('a submission to Dataproc', () => {
  it('creates a batch whose id is the job’s, as the submitter', async () => {
    const bench = createBench(json(200, { name: 'operations/1' }));
    expect(await bench.gateway.submit(SUBMISSION)).toEqual({ kind: 'accepted' });
    const [request] = bench.requests;
    expect(request?.url.split('?')[0]).toBe(BASE);
    expect(queryOf(request?.url).get('batchId')).toBe(JOB);
    expect(request).toMatchObject({
      method: 'POST',
      headers: {
        authorization: 'Bearer token-of-jg-submit-tidy@acme.iam.gserviceaccount.com',
        'content-type': 'application/json',
      },
      // one attempt takes 8 seconds at most
      deadline: new Date('2026-01-15T12:00:08.000Z'),
    });
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      environmentConfig: {
        executionConfig: { serviceAccount: 'jg-run-tidy@acme.iam.gserviceaccount.com' },
      },
    });
  });

  it('is told that the id is taken', async () => {
    const bench = createBench(json(409, { error: { status: 'ALREADY_EXISTS' } }));
    expect(await bench.gateway.submit(SUBMISSION)).toEqual({ kind: 'exists' });
  });

  it.each([429, 503])(
    'is repeated once after %i, under a request id of its own',
    async (status) => {
      const bench = createBench(json(status, {}), json(200, {}));
      expect(await bench.gateway.submit(SUBMISSION)).toEqual({ kind: 'accepted' });
      const ids = bench.requests.map((request) => queryOf(request.url).get('requestId'));
      expect(ids.filter((id) => /^[0-9a-f-]{36}$/.test(id ?? ''))).toHaveLength(2);
      expect(ids[0]).not.toBe(ids[1]);
      expect(bench.clock.slept).toHaveLength(1);
      expect(bench.clock.slept[0]).toBeGreaterThanOrEqual(200);
      expect(bench.clock.slept[0]).toBeLessThan(600);
    },
  );

  it.each([
    [429, 'upstream_unavailable', true],
    [503, 'upstream_unavailable', true],
  ])('gives up after two answers of %i', async (status, code, retryable) => {
    const bench = createBench(json(status, {}), json(status, {}));
    const problem = await refusal(bench.gateway.submit(SUBMISSION));
    expect(problem).toMatchObject({ code, extras: { upstream: 'Dataproc', retryAfter: 5 } });
    expect(problem.detail.endsWith('Try again.')).toBe(retryable);
    expect(bench.requests).toHaveLength(2);
  });

  it.each([
    [400, 'upstream_refused', 'Dataproc refused the request (it answered 400).'],
    [403, 'upstream_refused', 'Dataproc refused the request (it answered 403).'],
    [404, 'upstream_refused', 'Dataproc refused the request (it answered 404).'],
    [401, 'upstream_error', 'Dataproc failed or cut the connection (it answered 401). Try again.'],
    [500, 'upstream_error', 'Dataproc failed or cut the connection (it answered 500). Try again.'],
    [504, 'upstream_timeout', 'Dataproc did not answer in time (it answered 504). Try again.'],
  ])('is not repeated after %i', async (status, code, detail) => {
    const secret = 'projects/acme/secret-plan';
    const bench = createBench(json(status, { error: { code: status, message: secret } }));
    const problem = await refusal(bench.gateway.submit(SUBMISSION));
    expect(problem).toMatchObject({ code, detail });
    expect(JSON.stringify(problem.extras)).not.toContain(secret);
    expect(String(problem.cause)).toContain(secret);
    expect(bench.requests).toHaveLength(1);
  });

  it.each([
    ['timeout', 'upstream_timeout'],
    ['cut', 'upstream_error'],
    ['too_large', 'upstream_error'],
    ['refused', 'upstream_unavailable'],
  ] as const)(
    'is %s as %s, once, because its outcome is for the same id to find',
    async (kind, code) => {
      const bench = createBench(new TransportError(kind, 'the connection failed'));
      const problem = await refusal(bench.gateway.submit(SUBMISSION));
      expect(problem).toMatchObject({ code, extras: { upstream: 'Dataproc', retryAfter: 5 } });
      expect(bench.requests).toHaveLength(1);
    },
  );

  it('goes nowhere when its target is not configured', async () => {
    const bench = createBench();
    const problem = await refusal(bench.gateway.submit({ ...SUBMISSION, target: 'moon' }));
    expect(problem.code).toBe('internal');
    expect(bench.requests).toEqual([]);
  });
});

describe('a look at Dataproc', () => {
  it('reads the batch as the reader', async () => {
    const bench = createBench(json(200, { state: 'RUNNING', labels: { jobgate: 'v1' } }));
    const found = await bench.gateway.find(REFERENCE);
    expect(found).toMatchObject({ jobId: JOB, state: 'running', labels: { jobgate: 'v1' } });
    expect(bench.requests).toMatchObject([
      {
        url: `${BASE}/${JOB}`,
        method: 'GET',
        headers: { authorization: 'Bearer token-of-jg-read@acme.iam.gserviceaccount.com' },
      },
    ]);
  });

  it('finds nothing after 404', async () => {
    expect(await createBench(json(404, {})).gateway.find(REFERENCE)).toBeUndefined();
  });

  it('is repeated once after 503', async () => {
    const bench = createBench(json(503, {}), json(200, { state: 'PENDING' }));
    expect(await bench.gateway.find(REFERENCE)).toMatchObject({ state: 'queued' });
  });

  it.each([[{ state: 'NEW' }], [{}], [[]]])('cannot use the answer %j', async (answer) => {
    const problem = await refusal(createBench(json(200, answer)).gateway.find(REFERENCE));
    expect(problem).toMatchObject({
      code: 'upstream_error',
      detail: 'Dataproc gave a state that is unknown. Try again.',
    });
  });

  it('has no time beyond the request’s own deadline', async () => {
    const bench = createBench(json(200, { state: 'PENDING' }));
    const deadline = new Date('2026-01-15T12:00:03.000Z');
    await bench.gateway.find({ ...REFERENCE, deadline });
    expect(bench.requests[0]?.deadline).toEqual(deadline);
  });
});
