import { describe, expect, it } from 'vitest';
import { toUpstreamLabels } from '../../../shared/jobs/labels.ts';
import { findGround, Problem } from '../../../shared/problem.ts';
import { ADMIN, OUTSIDER } from '../../support/callers.ts';
import { createBrowsing, refusal } from '../../support/browsing.ts';
import { FAR, START } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';

describe('a job', () => {
  const record = makeRecord();

  it('is not found by somebody else in the same words as one that does not exist', async () => {
    const { get } = createBrowsing(record, {});
    const unknown = await refusal(get('jg-aaaaaaaaaaaaaaaaaaaaaaaaaa'));
    const foreign = await refusal(get(record.id, OUTSIDER));
    const malformed = await refusal(get('../jobs'));
    expect(unknown).toMatchObject({
      code: 'job_not_found',
      detail: 'No job of yours has this id.',
      extras: {},
    });
    for (const { code, detail, extras } of [foreign, malformed]) {
      expect({ code, detail, extras }).toEqual({
        code: unknown.code,
        detail: unknown.detail,
        extras: unknown.extras,
      });
    }
    expect([unknown, foreign, malformed].map(findGround)).toEqual([
      { rule: 'no-such-job', jobId: 'jg-aaaaaaaaaaaaaaaaaaaaaaaaaa' },
      {
        rule: 'own-job',
        missing: ['scope jobs:admin'],
        template: 'tidy',
        templateVersion: '1.2.0',
        jobId: record.id,
      },
      { rule: 'no-such-job' },
    ]);
  });

  it('of somebody else causes no call to Dataproc', async () => {
    const bench = createBrowsing(record, {});
    bench.clock.advance(60_000);
    await refusal(bench.get(record.id, OUTSIDER));
    expect(bench.gateway.looks).toEqual([]);
  });

  it('is shown to jobs:admin', async () => {
    const { get } = createBrowsing(record, {});
    expect((await get(record.id, ADMIN)).id).toBe(record.id);
  });

  it('is looked up by the target’s reader', async () => {
    const bench = createBrowsing(record, {});
    bench.clock.advance(1_000);
    await bench.get(record.id);
    expect(bench.gateway.looks).toEqual([
      {
        jobId: record.id,
        target: 'analytics',
        account: 'reader-of-analytics',
        deadline: FAR,
        handle: null,
        labels: toUpstreamLabels(record, 'jobgate-test'),
      },
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
    const bench = createBrowsing(record, {});
    bench.clock.advance(age);
    await bench.get(record.id);
    expect(bench.gateway.looks).toHaveLength(due ? 1 : 0);
  });

  it.each(['succeeded', 'failed', 'cancelled'] as const)(
    'never asks for a job that %s',
    async (state) => {
      const record = makeRecord({ state, endedAt: START });
      const bench = createBrowsing(record, { state: 'running' });
      bench.clock.advance(86_400_000);
      expect(await bench.get(record.id)).toEqual(record);
      expect(bench.gateway.looks).toEqual([]);
    },
  );

  it('is kept over watchers, because a look is recorded', async () => {
    const record = makeRecord();
    const bench = createBrowsing(record, { state: 'queued' });
    bench.clock.advance(1_000);
    for (let watcher = 0; watcher < 10; watcher += 1) await bench.get(record.id);
    expect(bench.gateway.looks).toHaveLength(1);
  });
});

describe('a look at Dataproc', () => {
  it('records state, times, output and history in Dataproc’s own times', async () => {
    const record = makeRecord();
    const bench = createBrowsing(record, {
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
      logTail: [],
    } as const;
    const record = makeRecord({ state: 'running', startedAt: START });
    const endedAt = '2026-01-15T12:00:59Z';
    const bench = createBrowsing(record, { state: 'failed', endedAt, error });
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

  it('ends a failed job with the last lines that its driver printed', async () => {
    const driverOutputUri = 'gs://stage/driveroutput';
    const error = {
      class: 'user_code',
      code: 'driver_failed',
      message: 'ValueError: no',
      retryable: false,
      logTail: [],
    } as const;
    const record = makeRecord({ state: 'running', startedAt: START });
    const bench = createBrowsing(record, { state: 'failed', driverOutputUri, error });
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`);
    bench.storage.put(`${driverOutputUri}.000000000`, Buffer.from(lines.join('')));
    bench.storage.put(`${driverOutputUri}.000000001`, Buffer.from(`${'x'.repeat(500)}\nlast\n`));
    bench.clock.advance(60_000);
    const shown = await bench.get(record.id);
    expect(shown.error?.logTail).toHaveLength(20);
    expect(shown.error?.logTail.slice(0, 1)).toEqual(['line 12']);
    expect(shown.error?.logTail.slice(-2)).toEqual(['x'.repeat(400), 'last']);
    expect(bench.records.all()).toEqual([shown]);
    expect(bench.storage.accesses[0]?.account).toBe('reader-of-analytics');
  });

  it('forgets nothing that Dataproc told before', async () => {
    const driverOutputUri = 'gs://stage/driveroutput';
    const record = makeRecord({ state: 'running', startedAt: START, driverOutputUri });
    const bench = createBrowsing(record, {
      state: 'running',
      startedAt: null,
      driverOutputUri: null,
    });
    bench.clock.advance(1_000);
    expect(await bench.get(record.id)).toMatchObject({ startedAt: START, driverOutputUri });
  });

  it('keeps why a job waits, and says provisioning when Dataproc says nothing', async () => {
    const record = makeRecord();
    const quota = createBrowsing(record, { waitReason: 'quota' });
    quota.clock.advance(1_000);
    expect((await quota.get(record.id)).waitReason).toBe('quota');
    const silent = createBrowsing(record, { waitReason: null });
    silent.clock.advance(1_000);
    expect((await silent.get(record.id)).waitReason).toBe('provisioning');
  });

  it('gives way to a writer that was first', async () => {
    const record = makeRecord();
    const bench = createBrowsing(record, { state: 'running' });
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
    const bench = createBrowsing(record, {});
    bench.clock.advance(1_000);
    bench.gateway.failNextFind(new Problem('upstream_unavailable', 'Dataproc cannot be reached.'));
    expect((await refusal(bench.get(record.id))).code).toBe('upstream_unavailable');
    expect(bench.records.all()).toEqual([record]);
  });
});

describe('a job that Dataproc does not know', () => {
  const submitting = makeRecord({ state: 'submitting', waitReason: 'submitting', history: [] });

  it('is still on its way for 15 minutes after it was recorded', async () => {
    const bench = createBrowsing(submitting);
    bench.clock.advance(15 * 60_000 - 1);
    expect(await bench.get(submitting.id)).toEqual(submitting);
    expect(bench.records.replaced()).toBe(0);
  });

  it('has failed when it has not reached Dataproc by then', async () => {
    const bench = createBrowsing(submitting);
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
    const bench = createBrowsing(submitting, { state: 'running' });
    bench.clock.advance(2_000);
    expect(await bench.get(submitting.id)).toMatchObject({ state: 'running', version: 2 });
  });

  it('is not the job that somebody else has under its id', async () => {
    const labels = { ...toUpstreamLabels(submitting, 'jobgate-test'), 'jg-request': 'r-other' };
    const bench = createBrowsing(submitting, { state: 'succeeded', labels });
    bench.clock.advance(5_000);
    expect(await bench.get(submitting.id)).toEqual(submitting);
  });

  it('is still what it was when one look at a young job does not find it', async () => {
    const record = makeRecord({ state: 'running', startedAt: START });
    const bench = createBrowsing(record);
    bench.clock.advance(60_000);
    const missingSince = '2026-01-15T12:01:00.000Z';
    expect(await bench.get(record.id)).toEqual({ ...record, version: 2, missingSince });
  });

  it('is found again, however old it is, when one look did not find it', async () => {
    const record = makeRecord({ state: 'running', startedAt: START });
    const bench = createBrowsing(record, { state: 'running', startedAt: START });
    bench.clock.advance(24 * 3600_000);
    bench.gateway.hideFromNextFind();
    expect(await bench.get(record.id)).toMatchObject({ state: 'running', version: 2 });
    expect(await bench.get(record.id)).toMatchObject({ state: 'running', missingSince: null });
  });

  it('has failed when it was running before, and has been missing for 15 minutes', async () => {
    const record = makeRecord({ state: 'running', startedAt: START });
    const bench = createBrowsing(record);
    bench.clock.advance(60_000);
    await bench.get(record.id);
    bench.clock.advance(15 * 60_000 - 1);
    expect(await bench.get(record.id)).toMatchObject({ state: 'running' });
    bench.clock.advance(1);
    expect(await bench.get(record.id)).toMatchObject({
      state: 'failed',
      reason: 'job_lost',
      endedAt: '2026-01-15T12:16:00.000Z',
      error: { message: 'Dataproc no longer knows this job; somebody deleted it there.' },
    });
  });
});
