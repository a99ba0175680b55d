import { describe, expect, it } from 'vitest';
import type { JobRecord, JobState } from '../../../../shared/jobs/job.ts';
import { Problem } from '../../../../shared/problem.ts';
import { START } from '../../../support/clock.ts';
import { makeRecord } from '../../../support/job-records.ts';
import { createSweeping, toJob } from '../../../support/sweeping.ts';

const MINUTE = 60_000;
const QUEUED = makeRecord();
const SUBMITTING = makeRecord({ state: 'submitting', waitReason: 'submitting', history: [] });
const RUNNING = makeRecord({
  state: 'running',
  waitReason: null,
  startedAt: START,
  history: [
    { state: 'queued', at: START },
    { state: 'running', at: START },
  ],
  announced: ['queued', 'running'],
});
const ENDED = makeRecord({
  state: 'succeeded',
  startedAt: START,
  endedAt: START,
  history: [{ state: 'succeeded', at: START }],
  announced: ['succeeded'],
});

function entry(id: string): AuditEntry {
  return { id, timestamp: START } as AuditEntry;
}
type AuditEntry = JobRecord['outbox'][number];

describe('a sweep', () => {
  it('of nothing asks for the listing of each target and no more', async () => {
    const bench = createSweeping(ENDED);
    expect(await bench.sweep()).toMatchObject({ due: 0, listed: 0, looked: 0, failed: 0 });
    expect(bench.gateway.listings).toMatchObject([
      {
        target: 'analytics',
        account: 'reader-of-analytics',
        labels: { jobgate: 'v1', 'jg-deployment': 'jobgate-test' },
      },
    ]);
    expect(bench.gateway.looks).toEqual([]);
  });

  it('neither looks at nor writes a job that runs as its record says', async () => {
    const bench = createSweeping(RUNNING);
    bench.gateway.plant(toJob(RUNNING, 'running', { startedAt: START }));
    bench.clock.advance(MINUTE);
    expect(await bench.sweep()).toMatchObject({ due: 1, active: 1, listed: 1, looked: 0 });
    expect(bench.read(RUNNING)).toEqual(RUNNING);
  });

  it('reads the record itself where the index tells nothing of use', async () => {
    const bench = createSweeping(QUEUED, RUNNING, { ...ENDED, announced: [] });
    for (const { id } of bench.records.all()) bench.records.garble(id);
    bench.gateway.plant(toJob(QUEUED, 'running', { startedAt: START }));
    bench.gateway.plant(toJob(RUNNING, 'running', { startedAt: START }));
    bench.clock.advance(MINUTE);
    expect(await bench.sweep()).toMatchObject({ due: 3, updated: 1, announced: 3, failed: 0 });
    expect(bench.read(QUEUED)).toMatchObject({ state: 'running' });
    expect(bench.read(ENDED)).toMatchObject({ announced: ['succeeded'] });
  });

  it('writes what the listing tells, and announces it, without a look', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'running', { startedAt: START }));
    bench.clock.advance(MINUTE);
    expect(await bench.sweep()).toMatchObject({ looked: 0, updated: 1, announced: 2 });
    expect(bench.read(QUEUED)).toMatchObject({
      state: 'running',
      startedAt: START,
      announced: ['queued', 'running'],
    });
    expect(bench.events.map(({ id }) => id)).toEqual([
      `${QUEUED.id}:queued`,
      `${QUEUED.id}:running`,
    ]);
    expect(bench.audit.records.map(({ id, action }) => [id, action])).toEqual([
      [`${QUEUED.id}:queued`, 'job.queued'],
      [`${QUEUED.id}:running`, 'job.running'],
    ]);
  });

  it.each(['succeeded', 'failed', 'cancelled'] as const)(
    'ends the record of a job that has %s while nobody watched, once',
    async (state) => {
      const bench = createSweeping(RUNNING);
      bench.gateway.plant(toJob(RUNNING, state, { startedAt: START, endedAt: START }));
      bench.clock.advance(MINUTE);
      expect(await bench.sweep()).toMatchObject({ looked: 1, updated: 1, announced: 1 });
      expect(bench.read(RUNNING)).toMatchObject({ state, endedAt: START });
      expect(await bench.sweep()).toMatchObject({ due: 0, looked: 0, announced: 0 });
      expect(bench.counted).toEqual([`${RUNNING.id}:${state}`]);
      expect(bench.audit.records.map(({ action }) => action)).toEqual([`job.${state}`]);
    },
  );

  it('says nothing of the jobs of a target that cannot be listed, but announces and delivers', async () => {
    const bench = createSweeping({ ...QUEUED, outbox: [entry('left')] });
    bench.gateway.failNextList(new Problem('upstream_unavailable', 'down'));
    bench.clock.advance(MINUTE);
    expect(await bench.sweep()).toMatchObject({ failed: 1, looked: 0, announced: 1 });
    expect(bench.troubles).toMatchObject([{ doing: 'list', target: 'analytics' }]);
    expect(bench.read(QUEUED)).toMatchObject({
      state: 'queued',
      announced: ['queued'],
      outbox: [],
    });
    expect(bench.audit.records.map(({ id }) => id)).toEqual([`${QUEUED.id}:queued`, 'left']);
  });

  it('goes on with the others when one job fails it', async () => {
    const other = makeRecord({ ...RUNNING, id: QUEUED.id });
    const bench = createSweeping(RUNNING, other);
    for (const record of [RUNNING, other]) bench.gateway.plant(toJob(record, 'succeeded'));
    bench.gateway.failNextFind(new Problem('upstream_error', 'cut'));
    bench.clock.advance(MINUTE);
    expect(await bench.sweep()).toMatchObject({ looked: 2, updated: 1, failed: 1 });
    expect(await bench.sweep()).toMatchObject({ looked: 1, updated: 1, failed: 0 });
  });

  it('leaves to the next one what it has no time for', async () => {
    const bench = createSweeping(RUNNING);
    bench.gateway.plant(toJob(RUNNING, 'succeeded'));
    const deadline = new Date(bench.clock.now().getTime() + 4_000);
    expect(await bench.sweep({ deadline })).toMatchObject({ unfinished: 2, looked: 0 });
    expect(bench.read(RUNNING).state).toBe('running');
  });
});

describe('a listing that lags behind', () => {
  it.each([
    ['running', 'queued'],
    ['cancelling', 'running'],
    ['cancelling', 'queued'],
  ] as const)('does not take a job that is %s back to %s', async (known, listed) => {
    const record = makeRecord({ ...RUNNING, state: known });
    const bench = createSweeping(record);
    bench.gateway.plant(toJob(record, listed));
    bench.clock.advance(MINUTE);
    await bench.sweep();
    expect(bench.read(record).state).toBe(known);
  });

  it('does not overrule whoever has looked since', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'running', { startedAt: START }));
    bench.gateway.lagLists();
    bench.gateway.change(QUEUED.id, { state: 'succeeded', endedAt: START });
    const { records } = bench;
    Object.assign(bench.ports, {
      records: {
        ...records,
        find: (...args: Parameters<typeof records.find>) => {
          bench.clock.advance(1);
          const checkedAt = bench.clock.now().toISOString();
          records.seed({ ...bench.read(QUEUED), version: 5, checkedAt });
          return records.find(...args);
        },
      },
    });
    await bench.sweep();
    expect(bench.read(QUEUED).state).toBe('queued');
  });

  it('makes a job that it misses be looked at, not lost', async () => {
    const bench = createSweeping(RUNNING);
    bench.gateway.plant(toJob(RUNNING, 'running', { startedAt: START }));
    bench.gateway.hideFromLists(RUNNING.id);
    bench.clock.advance(10 * MINUTE);
    expect(await bench.sweep()).toMatchObject({ listed: 0, looked: 1 });
    expect(bench.read(RUNNING).state).toBe('running');
  });
});

describe('a job on its way', () => {
  it('is left to the request that may still be submitting it', async () => {
    const bench = createSweeping(SUBMITTING);
    bench.clock.advance(MINUTE - 1);
    expect(await bench.sweep()).toMatchObject({ submitting: 1, looked: 0 });
    expect(bench.read(SUBMITTING)).toEqual(SUBMITTING);
  });

  it.each(['queued', 'running', 'succeeded'] as const)(
    'is taken up when Dataproc has it %s after all',
    async (state) => {
      const bench = createSweeping(SUBMITTING);
      bench.gateway.plant(toJob(SUBMITTING, state));
      bench.clock.advance(MINUTE);
      await bench.sweep();
      expect(bench.read(SUBMITTING)).toMatchObject({ state, announced: [state] });
    },
  );

  it('fails when it has not got there within a quarter of an hour, and gives its place back', async () => {
    const key = 'limit#template#tidy';
    const holds = [{ limit: 'concurrent-per-template', key, most: 1 }] as const;
    const bench = createSweeping();
    await bench.records.putIfAbsent({ ...SUBMITTING, holds }, new Date());
    bench.clock.advance(15 * MINUTE - 1);
    await bench.sweep();
    expect(bench.read(SUBMITTING).state).toBe('submitting');
    bench.clock.advance(1);
    expect(await bench.sweep()).toMatchObject({ looked: 1, updated: 1, announced: 1 });
    expect(bench.read(SUBMITTING)).toMatchObject({ state: 'failed', reason: 'job_lost' });
    expect((await bench.records.findUsage([key], new Date())).get(key)?.count).toBe(0);
  });

  it('is not what somebody else runs under its id', async () => {
    const bench = createSweeping(SUBMITTING);
    const foreign = { ...toJob(SUBMITTING, 'running').labels, 'jg-request': 'r-other' };
    bench.gateway.plant(toJob(SUBMITTING, 'running', { labels: foreign }));
    bench.clock.advance(MINUTE);
    await bench.sweep();
    expect(bench.read(SUBMITTING).state).toBe('submitting');
  });
});

describe('what was not taken', () => {
  it('is announced again by the next sweep, under the same id', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'queued'));
    bench.spoilNextPublication(new Problem('upstream_unavailable', 'down'));
    expect(await bench.sweep()).toMatchObject({ announced: 0, failed: 1 });
    expect(bench.read(QUEUED).announced).toEqual([]);
    expect(await bench.sweep()).toMatchObject({ announced: 1, failed: 0 });
    expect(bench.events.map(({ id }) => id)).toEqual([`${QUEUED.id}:queued`]);
  });

  it('is announced again alone', async () => {
    const record = { ...RUNNING, announced: [] };
    const bench = createSweeping(record);
    bench.gateway.plant(toJob(record, 'running', { startedAt: START }));
    bench.spoilNextPublication([`${record.id}:running`]);
    expect(await bench.sweep()).toMatchObject({ announced: 1, failed: 1 });
    expect(bench.read(record).announced).toEqual(['queued']);
    await bench.sweep();
    expect(bench.events.map(({ state }) => state)).toEqual(['queued', 'running']);
  });

  it('is announced again when the audit did not take it', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'queued'));
    bench.audit.setDown(true);
    expect(await bench.sweep()).toMatchObject({ announced: 0, failed: 1 });
    bench.audit.setDown(false);
    expect(await bench.sweep()).toMatchObject({ announced: 1 });
    expect(bench.events.map(({ id }) => id)).toEqual([
      `${QUEUED.id}:queued`,
      `${QUEUED.id}:queued`,
    ]);
    expect(bench.audit.records).toHaveLength(1);
  });

  it('is announced of a record that others write meanwhile, and noted once', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'queued'));
    const events = { ...bench.ports.events };
    Object.assign(bench.ports.events, {
      publish: (...args: Parameters<typeof events.publish>) => {
        bench.records.seed({ ...bench.read(QUEUED), version: 7, waitReason: 'quota' });
        return events.publish(...args);
      },
    });
    await bench.sweep();
    expect(bench.read(QUEUED)).toMatchObject({
      version: 8,
      waitReason: 'quota',
      announced: ['queued'],
    });
    expect(bench.counted).toEqual([`${QUEUED.id}:queued`]);
  });
});

describe('the time of a job', () => {
  const overdue = (state: JobState) =>
    [RUNNING, toJob(RUNNING, state, { startedAt: START })] as const;

  it('is over half a minute after its bound: it is cancelled by the operator, with the reason', async () => {
    const [record, job] = overdue('running');
    const bench = createSweeping(record);
    bench.gateway.plant(job);
    bench.clock.advance(record.maxRuntimeSeconds * 1000 + 30_000);
    expect(await bench.sweep()).toMatchObject({ capped: 0 });
    bench.clock.advance(1);
    expect(await bench.sweep()).toMatchObject({ capped: 1, announced: 1 });
    expect(bench.gateway.cancellations).toMatchObject([{ account: 'operator-of-analytics' }]);
    expect(bench.read(record)).toMatchObject({
      state: 'cancelling',
      reason: 'max_runtime_reached',
    });
    expect(bench.audit.records[0]).toMatchObject({
      action: 'sweep-jobs',
      decision: 'allow',
      rule: 'max-runtime',
      caller: null,
      jobId: record.id,
    });
    expect(await bench.sweep()).toMatchObject({ capped: 0 });
    bench.gateway.change(record.id, { state: 'cancelled', endedAt: START });
    await bench.sweep();
    expect(bench.read(record)).toMatchObject({ state: 'cancelled', reason: 'max_runtime_reached' });
  });

  it('is what its money pays for, where that is less', async () => {
    const basis = {
      region: 'us-central1',
      dcuHourMicros: 60_000,
      shuffleGbMonthMicros: 40_000,
      listed: true,
      pricesAsOf: '2026-11-01',
      pricesSource: 'test',
      least: { milliDcu: 1_000, shuffleGb: 0 },
      most: { milliDcu: 1_000, shuffleGb: 0 },
    };
    const maxCost = { amount: '0.03', currency: 'USD' } as const;
    const cost = { currency: 'USD', low: '0.01', high: '0.03', maxCost, basis };
    const record = makeRecord({ ...RUNNING, cost, maxRuntimeSeconds: 1_800 });
    const bench = createSweeping(record);
    bench.gateway.plant(toJob(record, 'running', { startedAt: START }));
    bench.clock.advance(1_831_000);
    await bench.sweep();
    expect(bench.read(record)).toMatchObject({ state: 'cancelling', reason: 'max_cost_reached' });
  });

  it('does not matter any more when it has ended by itself meanwhile', async () => {
    const [record, job] = overdue('running');
    const bench = createSweeping(record);
    bench.gateway.plant(job);
    bench.gateway.lagLists();
    bench.gateway.change(record.id, { state: 'succeeded', endedAt: START });
    bench.clock.advance(record.maxRuntimeSeconds * 1000 + 30_001);
    await bench.sweep();
    expect(bench.gateway.cancellations).toEqual([]);
    expect(bench.read(record)).toMatchObject({ state: 'succeeded', reason: null });
  });
});

describe('an active job that no living record knows', () => {
  it('is ended when its record has ended, and that is recorded', async () => {
    const bench = createSweeping(ENDED);
    bench.gateway.plant(toJob(ENDED, 'running'));
    expect(await bench.sweep()).toMatchObject({ orphans: 1, strangers: 0, failed: 0 });
    expect(bench.gateway.cancellations).toMatchObject([
      { jobId: ENDED.id, account: 'operator-of-analytics' },
    ]);
    expect(bench.audit.records).toMatchObject([
      { action: 'sweep-jobs', rule: 'orphan', jobId: ENDED.id },
    ]);
    expect(await bench.sweep()).toMatchObject({ orphans: 0 });
  });

  it('is ended even while its record’s end cannot be announced', async () => {
    const ended = { ...ENDED, announced: [] };
    const bench = createSweeping(ended);
    bench.gateway.plant(toJob(ended, 'running'));
    bench.spoilNextPublication(new Problem('upstream_unavailable', 'The bus takes nothing.'));
    expect(await bench.sweep()).toMatchObject({ due: 1, announced: 0, orphans: 1 });
    expect(bench.gateway.cancellations).toMatchObject([{ jobId: ended.id }]);
  });

  it('is told, and left alone, when it has no record', async () => {
    const bench = createSweeping();
    bench.gateway.plant(toJob(QUEUED, 'running'));
    expect(await bench.sweep()).toMatchObject({ orphans: 1, strangers: 1 });
    expect(bench.gateway.cancellations).toEqual([]);
    expect(bench.troubles).toMatchObject([{ doing: 'orphan', jobId: QUEUED.id }]);
  });

  it('is none when only the listing has not noticed its end', async () => {
    const bench = createSweeping(ENDED);
    bench.gateway.plant(toJob(ENDED, 'running'));
    bench.gateway.lagLists();
    bench.gateway.change(ENDED.id, { state: 'succeeded' });
    expect(await bench.sweep()).toMatchObject({ orphans: 0, looked: 1 });
    expect(bench.audit.records).toEqual([]);
  });

  it('is none when the index has not noticed its record', async () => {
    const bench = createSweeping();
    bench.records.holdIndex();
    bench.records.seed(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'running'));
    expect(await bench.sweep()).toMatchObject({ due: 0, orphans: 0, looked: 0 });
  });
});

describe('counters', () => {
  const key = 'limit#template#tidy';
  const holds = [{ limit: 'concurrent-per-template', key, most: 5 }] as const;
  const count = async (bench: ReturnType<typeof createSweeping>): Promise<readonly string[]> =>
    (await bench.records.findUsage([key], new Date())).get(key)?.holders ?? [];

  it('are put right when a record was removed by hand', async () => {
    const bench = createSweeping();
    await bench.records.putIfAbsent({ ...QUEUED, holds }, new Date());
    bench.records.remove(QUEUED.id);
    expect(await bench.sweep()).toMatchObject({ corrected: 0 });
    expect(await count(bench)).toEqual([QUEUED.id]);
    expect(await bench.sweep({ corrects: true })).toMatchObject({ corrected: 1 });
    expect(await count(bench)).toEqual([]);
  });

  it('are put right when one of them was removed by hand', async () => {
    const bench = createSweeping({ ...QUEUED, holds });
    bench.gateway.plant(toJob(QUEUED, 'queued'));
    bench.clock.advance(MINUTE);
    expect(await bench.sweep({ corrects: true })).toMatchObject({ corrected: 1 });
    expect(await count(bench)).toEqual([QUEUED.id]);
    expect(await bench.sweep({ corrects: true })).toMatchObject({ corrected: 0 });
  });

  it('are rid of a job that holds another limit, and of what is no job', async () => {
    const bench = createSweeping();
    const own = { ...holds[0], key: 'limit#template#other' };
    await bench.records.putIfAbsent({ ...QUEUED, holds: [own] }, new Date());
    bench.records.counters.setHolders(key, [QUEUED.id, 'no job']);
    expect(await bench.sweep({ corrects: true })).toMatchObject({ corrected: 2 });
    expect(bench.records.counters.list()).toEqual([{ key: own.key, holders: [QUEUED.id] }]);
  });
});
