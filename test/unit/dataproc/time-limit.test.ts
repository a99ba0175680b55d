import { describe, expect, it } from 'vitest';
import { parseBatch } from '../../../shared/dataproc/batch.ts';
import { readSeconds } from '../../../shared/dataproc/time-limit.ts';
import { explainStepJob, parseWorkflow } from '../../../shared/dataproc/workflow.ts';
import type { JobId } from '../../../shared/jobs/job.ts';
import type { UpstreamJob } from '../../../shared/jobs/ports.ts';
import { adoptUpstream } from '../../../shared/jobs/progress.ts';
import { makeCostBasis } from '../../support/cost-basis.ts';
import { makeRecord } from '../../support/job-records.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;
const LIMIT = {
  class: 'policy',
  code: 'max_runtime_reached',
  message:
    'The job ran for the 600 seconds that it was allowed, and was ended. Give it less to do, or submit it with a larger ' +
    'maxRuntimeSeconds, or maxCost if that set the limit, as far as the template allows.',
  retryable: false,
  logTail: [],
};

/** Prices and a size that come to 1.80 an hour. */
const BASIS = makeCostBasis(30_000);

/** A batch with a ttl of 600 s that ran from 12:01:00 on. */
function makeBatch(changes: object): Readonly<Record<string, unknown>> {
  return {
    state: 'CANCELLED',
    stateTime: '2026-01-15T12:11:40Z',
    stateHistory: [
      { state: 'PENDING', stateStartTime: '2026-01-15T11:00:00Z' },
      { state: 'RUNNING', stateStartTime: '2026-01-15T12:01:00Z' },
      { state: 'CANCELLING', stateStartTime: '2026-01-15T12:11:00Z' },
    ],
    environmentConfig: { executionConfig: { ttl: '600s' } },
    ...changes,
  };
}

function parse(changes: object = {}): UpstreamJob {
  const batch = parseBatch(JOB, new Map(Object.entries(makeBatch(changes))));
  if (batch === undefined) throw new Error('the batch has no known state');
  return batch;
}

const [PENDING, RUNNING] = [
  { state: 'PENDING', stateStartTime: '2026-01-15T11:00:00Z' },
  { state: 'RUNNING', stateStartTime: '2026-01-15T12:01:00Z' },
];
const cancelling = (stateStartTime: string): object => ({ state: 'CANCELLING', stateStartTime });

describe('a batch that was ended by its ttl', () => {
  it.each([
    ['was cancelled after just as long', {}],
    [
      'was cancelled after a little less, as its times show it',
      { stateHistory: [PENDING, RUNNING, cancelling('2026-01-15T12:10:55.000Z')] },
    ],
    ['shows no cancelling', { stateHistory: [PENDING, RUNNING] }],
    ['failed, and threw nothing', { state: 'FAILED', stateMessage: 'Batch job is FAILED.' }],
  ])('says so when it %s', (_, changes) => {
    expect(parse(changes).error).toEqual(LIMIT);
  });

  it.each([
    [
      'was cancelled before',
      { stateHistory: [PENDING, RUNNING, cancelling('2026-01-15T12:10:54.999Z')] },
    ],
    [
      'waited for long before it ran',
      { stateHistory: [PENDING, RUNNING, cancelling('2026-01-15T12:03:00Z')] },
    ],
    ['never ran', { stateHistory: [PENDING, cancelling('2026-01-15T12:11:00Z')] }],
    ['has no ttl', { environmentConfig: { executionConfig: {} } }],
    ['has a ttl that is none', { environmentConfig: { executionConfig: { ttl: '-600s' } } }],
    ['has no environment', { environmentConfig: null }],
    ['has times that are none', { stateHistory: [PENDING, { ...RUNNING, stateStartTime: 'x' }] }],
    ['speaks of a ttl, and has no times', { stateHistory: [], stateMessage: 'exceeded its ttl' }],
    ['succeeded', { state: 'SUCCEEDED' }],
    ['runs', { state: 'RUNNING', stateHistory: [PENDING] }],
  ])('is none that %s', (_, changes) => {
    expect(parse(changes).error).toBeNull();
  });

  it('is none that failed by an exception at that time', () => {
    const failed = parse({ state: 'FAILED', stateMessage: 'ValueError: no rows' });
    expect(failed.error).toMatchObject({ code: 'driver_failed', message: 'ValueError: no rows' });
  });

  it('is why its record says that it was cancelled', () => {
    const record = makeRecord({ id: JOB, state: 'running', reason: null });
    expect(adoptUpstream(record, parse(), new Date('2026-01-15T12:12:00Z'))).toMatchObject({
      state: 'cancelled',
      reason: 'max_runtime_reached',
      error: LIMIT,
    });
  });

  it.each([
    // 600 seconds cost 0.30.
    ['0.30', 'max_cost_reached'],
    ['0.40', 'max_runtime_reached'],
  ])('is called what has set the ttl when it may cost %s: %s', (amount, reason) => {
    const maxCost = { amount, currency: 'USD' } as const;
    const record = makeRecord({
      ...{ id: JOB, state: 'running', reason: null, maxRuntimeSeconds: 600 },
      cost: { currency: 'USD', low: '0.01', high: '0.30', maxCost, basis: BASIS },
    });
    expect(adoptUpstream(record, parse(), new Date('2026-01-15T12:12:00Z'))).toMatchObject({
      reason,
      error: { class: 'policy', code: reason, retryable: false },
    });
  });
});

const METADATA = {
  state: 'DONE',
  dagTimeout: '600s',
  dagStartTime: '2026-01-15T12:01:00Z',
  dagEndTime: '2026-01-15T12:11:00Z',
  endTime: '2026-01-15T12:13:00Z',
  graph: { nodes: [{ stepId: JOB, jobId: `${JOB}-x7` }] },
};

function parseOperation(metadata: object, error?: object) {
  const operation = { done: true, metadata: { ...METADATA, ...metadata }, error };
  const workflow = parseWorkflow(JOB, new Map(Object.entries(operation)), {});
  if (workflow === undefined) throw new Error('the workflow has no known state');
  return workflow;
}

const STEP: UpstreamJob = {
  ...parse({ environmentConfig: {} }),
  endedAt: '2026-01-15T12:11:02Z',
  history: [
    { state: 'running', at: '2026-01-15T12:01:10Z' },
    { state: 'cancelling', at: '2026-01-15T12:11:01Z' },
    { state: 'cancelled', at: '2026-01-15T12:11:02Z' },
  ],
};

describe('a workflow that was ended by its dagTimeout', () => {
  it.each([1, 4, 13])('says so when its error has the code %i and its job is gone', (code) => {
    expect(parseOperation({}, { code }).upstream.error).toEqual(LIMIT);
  });

  it('is none that came to its end in time', () => {
    const metadata = { dagEndTime: '2026-01-15T12:10:00Z' };
    expect(parseOperation(metadata, { code: 1 }).upstream.error).toBeNull();
    expect(parseOperation(metadata, { code: 13 }).upstream.error).toMatchObject({
      code: 'workflow_failed',
    });
    expect(parseOperation({}).upstream).toMatchObject({ state: 'succeeded', error: null });
  });

  it('is why its step’s job was cancelled, whatever the operation tells of its end by then', () => {
    const { limit } = parseOperation({ dagEndTime: undefined });
    expect(explainStepJob(STEP, limit).error).toEqual(LIMIT);
  });

  it.each([
    ['before', { history: [{ state: 'cancelling', at: '2026-01-15T12:05:00Z' }] }],
    ['before, as its end shows', { history: [], endedAt: '2026-01-15T12:05:00Z' }],
  ] as const)('is not why the job was cancelled %s', (_, changes) => {
    expect(explainStepJob({ ...STEP, ...changes }, parseOperation({}).limit).error).toBeNull();
  });

  it('is not why a job failed', () => {
    const failed = { ...STEP, state: 'failed' } as const;
    expect(explainStepJob(failed, parseOperation({}).limit)).toBe(failed);
  });
});

describe('a duration', () => {
  it.each([
    ['600s', 600],
    ['600.5s', 600],
    ['0s', 0],
  ])('of %s has %i seconds', (text, seconds) => {
    expect(readSeconds(text)).toBe(seconds);
  });

  it.each(['600', '-600s', '1e3s', 's', '', '1234567890s', 600, null, undefined, ['600s']])(
    'is not %j',
    (value) => {
      expect(readSeconds(value)).toBeNull();
    },
  );
});
