import { describe, expect, it } from 'vitest';
import { createDataprocGateway } from '../../../shared/dataproc/gateway.ts';
import type { JobId } from '../../../shared/jobs/job.ts';
import type { JobGateway, UpstreamJob } from '../../../shared/jobs/ports.ts';
import { toProblem, type Problem } from '../../../shared/problem.ts';
import { createClock, FAR } from '../../support/clock.ts';
import { createFakeSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';
import { makeSubmission } from '../../support/submissions.ts';
import { ANALYTICS, EPHEMERAL, SHARED } from '../../support/targets.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;
const REGION = 'projects/acme/regions/us-central1';
const HOST = 'https://us-central1-dataproc.googleapis.com/v1';
const OPERATION = `${REGION}/operations/8a1b`;
const STEP_JOB = `${JOB}-x7`;

interface Bench extends FakeSend {
  readonly gateway: JobGateway;
  /** Method and path of each request, without the query. */
  readonly asked: () => readonly string[];
}

function createBench(...answers: readonly Scripted[]): Bench {
  const { now, sleep } = createClock();
  const fake = createFakeSend(...answers);
  const gateway = createDataprocGateway({
    targets: new Map([ANALYTICS, SHARED, EPHEMERAL].map((target) => [target.name, target])),
    endpoint: null,
    tokens: (email) => Promise.resolve(`token-of-${email}`),
    send: fake.send,
    now,
    sleep,
  });
  const asked = (): readonly string[] =>
    fake.requests.map(({ method, url }) => `${method} ${url.replace(/\?.*/, '')}`);
  return { ...fake, gateway, asked };
}

function look(target: string, changes: object = {}): Parameters<JobGateway['find']>[0] {
  return { jobId: JOB, target, account: 'jg-read', deadline: FAR, ...changes };
}

function queryOf(url: string | undefined): Record<string, string> {
  return Object.fromEntries(new URL(url ?? '').searchParams);
}

async function refusal(work: Promise<unknown>): Promise<Problem> {
  return work.then(() => {
    throw new Error('nothing was refused');
  }, toProblem);
}

describe('a job for a cluster', () => {
  const submission = makeSubmission(JOB, { target: 'shared', runtimeAccount: null });

  it('is submitted under our id as the submitter, each attempt with a request id of its own', async () => {
    const bench = createBench(json(503, {}), json(200, {}));
    expect(await bench.gateway.submit(submission)).toEqual({ kind: 'accepted' });
    expect(bench.asked()).toEqual(Array(2).fill(`POST ${HOST}/${REGION}/jobs:submit`));
    const bodies = bench.requests.map(
      ({ body }) => JSON.parse(body ?? '') as { requestId: string },
    );
    expect(bodies).toMatchObject(
      Array(2).fill({ job: { reference: { jobId: JOB }, placement: { clusterName: 'nightly' } } }),
    );
    expect(new Set(bodies.map(({ requestId }) => requestId)).size).toBe(2);
    expect(bench.requests[0]?.headers['authorization']).toBe(
      'Bearer token-of-jg-submit-tidy@acme.iam.gserviceaccount.com',
    );
  });

  it.each([
    [409, { kind: 'exists' }],
    [200, { kind: 'accepted' }],
  ])('after %i is %j', async (status, outcome) => {
    expect(await createBench(json(status, {})).gateway.submit(submission)).toEqual(outcome);
  });

  it('is refused when its cluster is gone', async () => {
    const problem = await refusal(createBench(json(404, {})).gateway.submit(submission));
    expect(problem).toMatchObject({ code: 'upstream_refused' });
  });

  it('is found by our id', async () => {
    const bench = createBench(json(200, { status: { state: 'RUNNING' } }));
    expect(await bench.gateway.find(look('shared'))).toMatchObject({
      state: 'running',
      handle: `${REGION}/jobs/${JOB}`,
    });
    expect(bench.asked()).toEqual([`GET ${HOST}/${REGION}/jobs/${JOB}`]);
  });

  it('is not found after 404, and of no use without a state', async () => {
    expect(await createBench(json(404, {})).gateway.find(look('shared'))).toBeUndefined();
    const problem = await refusal(createBench(json(200, {})).gateway.find(look('shared')));
    expect(problem.detail).toBe('Dataproc gave a state that is unknown. Try again.');
  });
});

const NODE = { stepId: JOB, state: 'RUNNING', jobId: STEP_JOB };
const WORKFLOW = { name: OPERATION, metadata: { state: 'RUNNING', graph: { nodes: [NODE] } } };
const WAITING = {
  ...WORKFLOW,
  metadata: { state: 'PENDING', graph: { nodes: [{ stepId: JOB }] } },
};
const RUNNING = { status: { state: 'RUNNING' }, labels: { jobgate: 'v1' } };

describe('a workflow', () => {
  const submission = makeSubmission(JOB, { target: 'ephemeral' });

  it('is instantiated inline, every attempt under one request id', async () => {
    const bench = createBench(json(503, {}), json(200, { name: OPERATION }));
    const outcome = await bench.gateway.submit(submission);
    expect(outcome).toEqual({ kind: 'accepted', handle: OPERATION });
    expect(bench.asked()).toEqual(
      Array(2).fill(`POST ${HOST}/${REGION}/workflowTemplates:instantiateInline`),
    );
    expect(bench.requests.map(({ url }) => queryOf(url))).toEqual(
      Array(2).fill({ requestId: JOB }),
    );
    expect(JSON.parse(bench.requests[0]?.body ?? '')).toMatchObject({ jobs: [{ stepId: JOB }] });
  });

  it.each([[{}], [{ name: 'operations/../secrets' }], [[]]])(
    'whose name is not told, as in %j, is accepted without a handle',
    async (answer) => {
      const bench = createBench(json(200, answer));
      expect(await bench.gateway.submit(submission)).toEqual({ kind: 'accepted' });
    },
  );

  it('that is there already is said to be', async () => {
    expect(await createBench(json(409, {})).gateway.submit(submission)).toEqual({ kind: 'exists' });
  });

  it('without an account to run as goes nowhere', async () => {
    const bench = createBench();
    const problem = await refusal(bench.gateway.submit({ ...submission, runtimeAccount: null }));
    expect(problem.code).toBe('internal');
  });

  it('is found by its operation, and then by the job of its step', async () => {
    const bench = createBench(json(200, WORKFLOW), json(200, RUNNING));
    const found = await bench.gateway.find(look('ephemeral', { handle: OPERATION }));
    expect(found).toMatchObject({
      jobId: JOB,
      state: 'running',
      labels: { jobgate: 'v1' },
      handle: OPERATION,
    });
    expect(bench.asked()).toEqual([
      `GET ${HOST}/${OPERATION}`,
      `GET ${HOST}/${REGION}/jobs/${STEP_JOB}`,
    ]);
  });

  it('waits for its cluster while its step has no job', async () => {
    const bench = createBench(json(200, WAITING));
    expect(await bench.gateway.find(look('ephemeral', { handle: OPERATION }))).toMatchObject({
      state: 'queued',
      waitReason: 'provisioning',
      handle: OPERATION,
    });
  });

  it('whose name was lost is searched for among the operations with its labels', async () => {
    const ofCluster = { name: `${REGION}/operations/c`, metadata: { operationType: 'CREATE' } };
    const bench = createBench(
      json(200, { operations: [ofCluster], nextPageToken: 'two' }),
      json(200, { operations: [WAITING] }),
    );
    const labels = { jobgate: 'v1', 'jg-request': 'r-1' };
    expect(await bench.gateway.find(look('ephemeral', { labels }))).toMatchObject({
      state: 'queued',
      handle: OPERATION,
      labels,
    });
    expect(bench.requests.map(({ url }) => queryOf(url))).toEqual([
      {
        filter: `labels.jobgate = v1 AND labels.jg-request = r-1 AND labels.jg-job = ${JOB}`,
        pageSize: '100',
      },
      {
        filter: `labels.jobgate = v1 AND labels.jg-request = r-1 AND labels.jg-job = ${JOB}`,
        pageSize: '100',
        pageToken: 'two',
      },
    ]);
  });

  it('whose operation nobody lists is found by its job', async () => {
    const job = { reference: { projectId: 'acme', jobId: STEP_JOB }, ...RUNNING };
    const bench = createBench(json(404, {}), json(200, {}), json(200, { jobs: [job] }));
    const found = await bench.gateway.find(look('ephemeral', { handle: OPERATION }));
    expect(found).toMatchObject({ state: 'running', handle: `${REGION}/jobs/${STEP_JOB}` });
    expect(bench.asked().slice(1)).toEqual([
      `GET ${HOST}/${REGION}/operations`,
      `GET ${HOST}/${REGION}/jobs`,
    ]);
  });

  it('that nobody lists is not found, after a bounded search', async () => {
    const page = json(200, { operations: [], nextPageToken: 'more' });
    const bench = createBench(page, page, page, page, page, json(200, {}));
    expect(await bench.gateway.find(look('ephemeral'))).toBeUndefined();
    expect(bench.requests).toHaveLength(6);
  });

  it('that cannot be searched for is not said to be absent', async () => {
    const bench = createBench(json(503, {}), json(503, {}));
    expect(await refusal(bench.gateway.find(look('ephemeral')))).toMatchObject({
      code: 'upstream_unavailable',
    });
  });

  it('whose job was deleted is known by its operation', async () => {
    const done = { ...WORKFLOW, done: true, metadata: { ...WORKFLOW.metadata, endTime: 't' } };
    const bench = createBench(json(200, done), json(404, {}));
    expect(await bench.gateway.find(look('ephemeral', { handle: OPERATION }))).toMatchObject({
      state: 'succeeded',
      endedAt: 't',
    });
  });
});

describe('a cancellation', () => {
  const found = (handle: string | null): UpstreamJob => ({
    jobId: JOB,
    state: 'running',
    waitReason: null,
    startedAt: null,
    endedAt: null,
    history: [],
    labels: {},
    driverOutputUri: null,
    error: null,
    handle,
  });
  const operator = (target: string): Parameters<JobGateway['find']>[0] =>
    look(target, { account: 'jg-operate' });

  it.each([
    ['analytics', OPERATION],
    ['ephemeral', OPERATION],
    ['shared', `${REGION}/jobs/${JOB}`],
  ])('on %s names %s, as the operator', async (target, handle) => {
    const bench = createBench(json(200, {}));
    expect(await bench.gateway.cancel(found(handle), operator(target))).toBe('requested');
    expect(bench.asked()).toEqual([`POST ${HOST}/${handle}:cancel`]);
    expect(bench.requests[0]).toMatchObject({
      body: '{}',
      headers: { authorization: 'Bearer token-of-jg-operate@acme.iam.gserviceaccount.com' },
    });
  });

  it.each([
    [404, 'NOT_FOUND', 'unknown'],
    [400, 'FAILED_PRECONDITION', 'ended'],
    [409, 'FAILED_PRECONDITION', 'ended'],
  ])('that is answered with %i %s is %s', async (status, word, outcome) => {
    const bench = createBench(json(status, { error: { code: status, status: word } }));
    expect(await bench.gateway.cancel(found(OPERATION), operator('shared'))).toBe(outcome);
  });

  it.each([
    [400, 'upstream_refused'],
    [403, 'upstream_refused'],
    [500, 'upstream_error'],
  ])('that is answered with %i is %s', async (status, code) => {
    const bench = createBench(json(status, {}));
    const work = bench.gateway.cancel(found(OPERATION), operator('shared'));
    expect(await refusal(work)).toMatchObject({ code });
  });

  it('of what has no name cannot be asked for', async () => {
    const bench = createBench();
    const problem = await refusal(bench.gateway.cancel(found(null), operator('analytics')));
    expect(problem).toMatchObject({ code: 'upstream_error', extras: { upstream: 'Dataproc' } });
    expect(bench.requests).toEqual([]);
  });
});
