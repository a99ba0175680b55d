import { describe, expect, it } from 'vitest';
import type { Caller } from '../../../shared/identity/caller.ts';
import {
  findReadableJob,
  getJob,
  getReadableJob,
  type BrowsePorts,
} from '../../../shared/jobs/browse.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import type { UpstreamJob } from '../../../shared/jobs/ports.ts';
import { Problem, toProblem } from '../../../shared/problem.ts';
import { ADMIN, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { createClock, FAR, START, type FakeClock } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';
import { createMemoryGateway, type MemoryGateway } from '../../support/memory-gateway.ts';
import { createMemoryRecords, type MemoryRecords } from '../../support/memory-records.ts';
import { TIDY } from '../../support/templates.ts';

interface Bench {
  readonly clock: FakeClock;
  readonly gateway: MemoryGateway;
  readonly records: MemoryRecords;
  readonly ports: BrowsePorts;
  readonly get: (rawJobId: unknown, caller?: Caller) => Promise<JobRecord>;
}

/** A bench on which one record is stored and its batch is known as `upstream` says; undefined: unknown. */
function createBench(record: JobRecord, upstream?: Partial<UpstreamJob>): Bench {
  const clock = createClock();
  const gateway = createMemoryGateway();
  const records = createMemoryRecords();
  records.seed(record);
  if (upstream !== undefined) gateway.plant(toUpstream(record, upstream));
  const readerOf = (target: string): string => `reader-of-${target}`;
  const ports = { records, gateway, readerOf, now: clock.now };
  const get = (rawJobId: unknown, caller = ANALYST): Promise<JobRecord> =>
    getJob({ caller, rawJobId, deadline: FAR }, ports);
  return { clock, gateway, records, ports, get };
}

function toUpstream(record: JobRecord, changes: Partial<UpstreamJob>): UpstreamJob {
  return {
    jobId: record.id,
    state: 'queued',
    waitReason: 'provisioning',
    startedAt: null,
    endedAt: null,
    history: [],
    labels: {},
    driverOutputUri: null,
    error: null,
    ...changes,
  };
}

async function refusal(work: Promise<unknown>): Promise<Problem> {
  return work.then(() => {
    throw new Error('nothing was refused');
  }, toProblem);
}

describe('a job', () => {
  const record = makeRecord();

  it('is not found by somebody else in the same words as one that does not exist', async () => {
    const { get } = createBench(record, {});
    const unknown = await refusal(get('jg-aaaaaaaaaaaaaaaaaaaaaaaaaa'));
    const foreign = await refusal(get(record.id, OUTSIDER));
    const malformed = await refusal(get('../jobs'));
    expect(unknown).toMatchObject({
      code: 'job_not_found',
      detail: 'No job of yours has this id.',
      extras: {},
    });
    expect(foreign).toEqual(unknown);
    expect(malformed).toEqual(unknown);
  });

  it('of somebody else causes no call to Dataproc', async () => {
    const bench = createBench(record, {});
    bench.clock.advance(60_000);
    await refusal(bench.get(record.id, OUTSIDER));
    expect(bench.gateway.looks).toEqual([]);
  });

  it('is shown to jobs:admin', async () => {
    const { get } = createBench(record, {});
    expect((await get(record.id, ADMIN)).id).toBe(record.id);
  });

  it('is looked up by the target’s reader', async () => {
    const bench = createBench(record, {});
    bench.clock.advance(1_000);
    await bench.get(record.id);
    expect(bench.gateway.looks).toEqual([
      { jobId: record.id, target: 'analytics', account: 'reader-of-analytics', deadline: FAR },
    ]);
  });
});

describe('the pace of looks at Dataproc', () => {
  /** Milliseconds of age and since the last look, and whether another look is due. */
  it.each([
    [0, 0, false],
    [999, 999, false],
    [1_000, 1_000, true],
    [20_000, 999, false],
    [20_000, 1_000, true],
    [100_000, 4_999, false],
    [100_000, 5_000, true],
    [600_000, 29_999, false],
    [600_000, 30_000, true],
    [86_400_000, 29_999, false],
    [86_400_000, 30_000, true],
  ])('at an age of %i ms and %i ms after the last look is due: %s', async (age, since, due) => {
    const at = Date.parse(START) + age;
    const record = makeRecord({
      checkedAt: new Date(at - since).toISOString(),
      driverOutputUri: 'gs://stage/driveroutput',
    });
    const bench = createBench(record, {});
    bench.clock.advance(age);
    await bench.get(record.id);
    expect(bench.gateway.looks).toHaveLength(due ? 1 : 0);
  });

  it.each(['succeeded', 'failed', 'cancelled'] as const)(
    'never asks for a job that %s',
    async (state) => {
      const record = makeRecord({ state, endedAt: START });
      const bench = createBench(record, { state: 'running' });
      bench.clock.advance(86_400_000);
      expect(await bench.get(record.id)).toEqual(record);
      expect(bench.gateway.looks).toEqual([]);
    },
  );

  it('is kept over watchers, because a look is recorded', async () => {
    const record = makeRecord();
    const bench = createBench(record, { state: 'queued' });
    bench.clock.advance(1_000);
    for (let watcher = 0; watcher < 10; watcher += 1) await bench.get(record.id);
    expect(bench.gateway.looks).toHaveLength(1);
  });
});

describe('a look at Dataproc', () => {
  it('records state, times, output and history in Dataproc’s own times', async () => {
    const record = makeRecord();
    const bench = createBench(record, {
      state: 'running',
      startedAt: '2026-01-15T12:00:40Z',
      history: [
        { state: 'queued', at: '2026-01-15T12:00:01Z' },
        { state: 'running', at: '2026-01-15T12:00:40Z' },
      ],
      driverOutputUri: 'gs://stage/driveroutput',
    });
    bench.clock.advance(60_000);
    const shown = await bench.get(record.id);
    expect(shown).toEqual({
      ...record,
      version: 2,
      state: 'running',
      waitReason: null,
      startedAt: '2026-01-15T12:00:40Z',
      checkedAt: '2026-01-15T12:01:00.000Z',
      history: [
        { state: 'queued', at: START },
        { state: 'running', at: '2026-01-15T12:00:40Z' },
      ],
      driverOutputUri: 'gs://stage/driveroutput',
    });
    expect(bench.records.all()).toEqual([shown]);
  });

  it('ends a failed job with its error and a date after which the record may go', async () => {
    const error = {
      class: 'user_code',
      code: 'driver_failed',
      message: 'ValueError: no',
      retryable: false,
    };
    const record = makeRecord({ state: 'running', startedAt: START });
    const endedAt = '2026-01-15T12:00:59Z';
    const bench = createBench(record, { state: 'failed', endedAt, error });
    bench.clock.advance(60_000);
    expect(await bench.get(record.id)).toMatchObject({
      state: 'failed',
      reason: 'driver_failed',
      startedAt: START,
      endedAt,
      error,
      expiresAtSeconds: 1_776_254_460,
      history: [
        { state: 'queued', at: START },
        { state: 'failed', at: '2026-01-15T12:01:00.000Z' },
      ],
    });
  });

  it('keeps why a job waits, and says provisioning when Dataproc says nothing', async () => {
    const record = makeRecord();
    const quota = createBench(record, { waitReason: 'quota' });
    quota.clock.advance(1_000);
    expect((await quota.get(record.id)).waitReason).toBe('quota');
    const silent = createBench(record, { waitReason: null });
    silent.clock.advance(1_000);
    expect((await silent.get(record.id)).waitReason).toBe('provisioning');
  });

  it('gives way to a writer that was first', async () => {
    const record = makeRecord();
    const bench = createBench(record, { state: 'running' });
    bench.clock.advance(1_000);
    const find = bench.gateway.find.bind(bench.gateway);
    bench.gateway.find = async (reference) => {
      bench.records.seed({ ...record, version: 2, state: 'succeeded', endedAt: START });
      return find(reference);
    };
    expect((await bench.get(record.id)).state).toBe('succeeded');
    expect(bench.records.all()).toMatchObject([{ version: 2, state: 'succeeded' }]);
  });

  it('that fails is a problem and changes nothing', async () => {
    const record = makeRecord();
    const bench = createBench(record, {});
    bench.clock.advance(1_000);
    bench.gateway.failNextFind(new Problem('upstream_unavailable', 'Dataproc cannot be reached.'));
    expect((await refusal(bench.get(record.id))).code).toBe('upstream_unavailable');
    expect(bench.records.all()).toEqual([record]);
  });
});

describe('a job that Dataproc does not know', () => {
  const submitting = makeRecord({ state: 'submitting', waitReason: 'submitting', history: [] });

  it('is still on its way for 15 minutes after it was recorded', async () => {
    const bench = createBench(submitting);
    bench.clock.advance(15 * 60_000 - 1);
    expect(await bench.get(submitting.id)).toEqual(submitting);
    expect(bench.records.replaced()).toBe(0);
  });

  it('has failed when it has not reached Dataproc by then', async () => {
    const bench = createBench(submitting);
    bench.clock.advance(15 * 60_000);
    expect(await bench.get(submitting.id)).toMatchObject({
      state: 'failed',
      reason: 'job_lost',
      error: {
        class: 'platform',
        code: 'job_lost',
        message: 'The job never reached Dataproc.',
        retryable: true,
      },
    });
  });

  it('is adopted as soon as it is there', async () => {
    const bench = createBench(submitting, { state: 'running' });
    bench.clock.advance(2_000);
    expect(await bench.get(submitting.id)).toMatchObject({ state: 'running', version: 2 });
  });

  it('has failed when it was running before', async () => {
    const record = makeRecord({ state: 'running', startedAt: START });
    const bench = createBench(record);
    bench.clock.advance(60_000);
    expect(await bench.get(record.id)).toMatchObject({
      state: 'failed',
      reason: 'job_lost',
      endedAt: '2026-01-15T12:01:00.000Z',
      error: { message: 'Dataproc no longer knows this job; somebody deleted it there.' },
    });
  });
});

describe('a job’s data', () => {
  const record = makeRecord();
  const reader = { ...ADMIN, scopes: ['jobs:admin', 'data:read'] };

  it('is for its submitter', async () => {
    const { ports } = createBench(record, {});
    const request = { caller: ANALYST, rawJobId: record.id, deadline: FAR };
    expect(await findReadableJob(request, ports.records, [TIDY])).toEqual({
      record,
      decision: { kind: 'allow', rule: 'own-job' },
    });
  });

  it('is not found by somebody else', async () => {
    const { ports } = createBench(record, {});
    const request = { caller: OUTSIDER, rawJobId: record.id, deadline: FAR };
    const problem = await refusal(findReadableJob(request, ports.records, [TIDY]));
    expect(problem.code).toBe('job_not_found');
  });

  it('is refused to one who only sees the job, with what is missing', async () => {
    const { ports } = createBench(record, {});
    const request = { caller: ADMIN, rawJobId: record.id, deadline: FAR };
    const problem = await refusal(getReadableJob(request, ports, [TIDY]));
    expect(problem).toMatchObject({
      code: 'insufficient_scope',
      extras: { job: record.id, missing: ['scope data:read'] },
    });
  });

  it('is for data:read with the template’s own rule, and is brought up to date', async () => {
    const { ports, clock } = createBench(record, { state: 'succeeded', endedAt: START });
    clock.advance(2_000);
    const request = { caller: reader, rawJobId: record.id, deadline: FAR };
    const readable = await getReadableJob(request, ports, [TIDY]);
    expect(readable.record.state).toBe('succeeded');
    expect(readable.decision.rule).toBe('data:read+tidy.allow[1]');
  });

  it('is refused to data:read once the template is gone', async () => {
    const { ports } = createBench(record, {});
    const request = { caller: reader, rawJobId: record.id, deadline: FAR };
    const problem = await refusal(findReadableJob(request, ports.records, []));
    expect(problem.extras.missing).toEqual(['a rule of a template that no longer exists']);
  });
});
