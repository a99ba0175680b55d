import { describe, expect, it } from 'vitest';
import type { JobCost } from '../../../../shared/cost/estimate.ts';
import type { JobRecord, JobState } from '../../../../shared/jobs/job.ts';
import type {
  ActiveQuery,
  JobEvent,
  JobReference,
  UpstreamJob,
} from '../../../../shared/jobs/ports.ts';
import { runSweep } from '../../../../shared/jobs/sweep/run.ts';
import { Problem } from '../../../../shared/problem.ts';
import { FAR, START } from '../../../support/clock.ts';
import { makeCostBasis } from '../../../support/cost-basis.ts';
import { makeJobId, makeRecord } from '../../../support/job-records.ts';
import { createSweeping, toJob, type Sweeping } from '../../../support/sweeping.ts';

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

/** Half an hour of one DCU comes to the cap. */
const COST: JobCost = {
  currency: 'USD',
  low: '0.01',
  high: '0.03',
  maxCost: { amount: '0.03', currency: 'USD' },
  basis: makeCostBasis(),
};

function entry(id: string): AuditEntry {
  return { id, timestamp: START } as AuditEntry;
}
type AuditEntry = JobRecord['outbox'][number];
type Bench = ReturnType<typeof createSweeping>;

describe('a sweep', () => {
  it('of nothing asks for the listing of each target and no more', async () => {
    const bench = createSweeping(ENDED);
    expect(await bench.sweep()).toMatchObject({
      due: 0,
      listed: 0,
      looked: 0,
      failed: 0,
      unlisted: 0,
    });
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
    expect(await bench.sweep()).toMatchObject({ failed: 1, unlisted: 1, looked: 0, announced: 1 });
    expect(bench.troubles).toMatchObject([{ doing: 'list', target: 'analytics' }]);
    expect(bench.read(QUEUED)).toMatchObject({
      state: 'queued',
      announced: ['queued'],
      outbox: [],
    });
    expect(bench.audit.records.map(({ id }) => id)).toEqual([`${QUEUED.id}:queued`, 'left']);
  });

  it('counts a target whose list was not complete among those that it could not list', async () => {
    const other = makeRecord({ ...RUNNING, id: makeJobId() });
    const bench = createSweeping(RUNNING, other);
    for (const record of [RUNNING, other]) bench.gateway.plant(toJob(record, 'running'));
    bench.gateway.boundLists(1);
    expect(await bench.sweep()).toMatchObject({ listed: 1, unlisted: 1, looked: 1, failed: 0 });
    bench.gateway.boundLists(2);
    expect(await bench.sweep()).toMatchObject({ listed: 2, unlisted: 0, looked: 0, failed: 0 });
  });

  it('counts the one target of two that it could not list', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.failNextList(new Problem('upstream_unavailable', 'down'));
    const targets = ['analytics', 'nightly'];
    const summary = await runSweep({ deadline: FAR, corrects: false }, { ...bench.ports, targets });
    expect(summary).toMatchObject({ failed: 1, unlisted: 1 });
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
    expect(await bench.sweep({ deadline })).toMatchObject({
      unfinished: 2,
      unlisted: 1,
      looked: 0,
    });
    expect(bench.read(RUNNING).state).toBe('running');
  });
});

describe('the time of a sweep', () => {
  const timeout = new Problem('upstream_timeout', 'hangs');
  const fromNow = (bench: Bench): Date => new Date(bench.clock.now().getTime() + 50_000);

  it('is not used up by a target that does not list its jobs', async () => {
    const left = makeRecord({ ...ENDED, id: makeJobId(), announced: [] });
    const bench = createSweeping(RUNNING, left);
    bench.gateway.plant(toJob(RUNNING, 'succeeded', { startedAt: START, endedAt: START }));
    Object.assign(bench.ports, {
      targets: ['analytics', 'stuck'],
      gateway: {
        ...bench.gateway,
        listActive: async (query: ActiveQuery) => {
          if (query.target !== 'stuck') return bench.gateway.listActive(query);
          bench.clock.advance(query.deadline.getTime() - bench.clock.now().getTime());
          throw timeout;
        },
      },
    });
    expect(await bench.sweep({ deadline: fromNow(bench) })).toMatchObject({
      unlisted: 1,
      failed: 1,
      looked: 1,
      updated: 1,
      announced: 2,
      unfinished: 0,
    });
    expect(bench.clock.now().toISOString()).toBe('2026-01-15T12:00:20.000Z');
    expect(bench.troubles).toMatchObject([{ doing: 'list', target: 'stuck' }]);
  });

  it('lists what is due before it asks any target', async () => {
    const bench = createSweeping(QUEUED);
    const asked: string[] = [];
    Object.assign(bench.ports, {
      records: {
        ...bench.records,
        listDue: () => {
          asked.push('due');
          return bench.records.listDue(null, FAR);
        },
      },
      gateway: {
        ...bench.gateway,
        listActive: (query: ActiveQuery) => {
          asked.push('target');
          return bench.gateway.listActive(query);
        },
      },
    });
    await bench.sweep();
    expect(asked).toEqual(['due', 'target']);
  });

  it('is kept in part for what there is to tell, however long the looks take', async () => {
    const ended = makeRecord({ ...ENDED, id: makeJobId(), announced: [] });
    const many = Array.from({ length: 40 }, () => makeRecord({ ...RUNNING, id: makeJobId() }));
    const bench = createSweeping(...many, ended);
    Object.assign(bench.ports, {
      gateway: {
        ...bench.gateway,
        find: (reference: JobReference) => {
          const leftMs = reference.deadline.getTime() - bench.clock.now().getTime();
          bench.clock.advance(Math.min(8_000, leftMs));
          return Promise.reject(timeout);
        },
      },
    });
    const summary = await bench.sweep({ deadline: fromNow(bench) });
    expect(summary.unfinished).toBeGreaterThan(20);
    expect(summary.announced).toBe(1);
    expect(bench.clock.now().toISOString()).toBe('2026-01-15T12:00:40.000Z');
  });

  it('is not used up by looks at the jobs of one target', async () => {
    const stuck = Array.from({ length: 20 }, () =>
      makeRecord({ ...RUNNING, id: makeJobId(), target: { ...RUNNING.target, name: 'stuck' } }),
    );
    const record = makeRecord({ ...RUNNING, checkedAt: '2026-01-15T12:00:01.000Z' });
    const orphan = makeRecord({ ...ENDED, id: makeJobId() });
    const bench = createSweeping(...stuck, record, orphan);
    bench.gateway.plant(toJob(record, 'succeeded', { startedAt: START, endedAt: START }));
    bench.gateway.plant(toJob(orphan, 'running'));
    const waited = new Set([record.id, orphan.id]);
    const others = Promise.withResolvers<undefined>();
    Object.assign(bench.ports, {
      targets: ['stuck', 'analytics'],
      gateway: {
        ...bench.gateway,
        find: async (reference: JobReference) => {
          if (reference.target === 'stuck')
            return others.promise.then(() => Promise.reject(timeout));
          waited.delete(reference.jobId);
          if (waited.size === 0) others.resolve(undefined);
          return bench.gateway.find(reference);
        },
      },
    });
    expect(await bench.sweep()).toMatchObject({
      looked: 22,
      failed: 20,
      updated: 1,
      orphans: 1,
    });
    expect(bench.read(record).state).toBe('succeeded');
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

  it('does not make a job lost that two looks miss, and that it shows between them', async () => {
    const bench = createSweeping(RUNNING);
    bench.gateway.plant(toJob(RUNNING, 'running', { startedAt: START }));
    for (let look = 1; look <= 2; look += 1) {
      bench.gateway.hideFromLists(RUNNING.id);
      bench.gateway.hideFromNextFind();
      bench.clock.advance(MINUTE);
      await bench.sweep();
      expect(bench.read(RUNNING).missingSince).toBe(bench.clock.now().toISOString());
      bench.gateway.catchUpLists();
      bench.clock.advance(MINUTE);
      await bench.sweep();
      expect(bench.read(RUNNING).missingSince).toBeNull();
      bench.clock.advance(10 * MINUTE);
    }
    expect(bench.read(RUNNING).state).toBe('running');
  });

  it('is right against a look that misses what it shows', async () => {
    const record = makeRecord({ ...RUNNING, missingSince: START });
    const bench = createSweeping(record);
    bench.gateway.plant(toJob(record, 'running', { startedAt: START }));
    bench.gateway.hideFromNextFind();
    bench.clock.advance(16 * MINUTE);
    expect(await bench.sweep()).toMatchObject({ looked: 1, updated: 0 });
    expect(bench.read(record)).toEqual(record);
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

  it('fails in its time though somebody else runs under its id', async () => {
    const bench = createSweeping(SUBMITTING);
    const foreign = { ...toJob(SUBMITTING, 'running').labels, 'jg-request': 'r-other' };
    bench.gateway.plant(toJob(SUBMITTING, 'running', { labels: foreign }));
    bench.clock.advance(15 * MINUTE);
    await bench.sweep();
    expect(bench.read(SUBMITTING)).toMatchObject({ state: 'failed', reason: 'job_lost' });
    await bench.sweep();
    expect(bench.gateway.cancellations).toEqual([]);
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
    expect(bench.events.map(({ id }) => id)).toEqual([`${QUEUED.id}:queued`]);
    expect(bench.audit.records).toHaveLength(1);
  });

  it('does not keep a job from its end, however slowly it is taken', async () => {
    const ended = Array.from({ length: 40 }, () =>
      makeRecord({ ...ENDED, id: makeJobId(), announced: [] }),
    );
    const overdue = makeRecord({ ...RUNNING, maxRuntimeSeconds: 600 });
    const bench = createSweeping(...ended, overdue);
    bench.gateway.plant(toJob(overdue, 'running', { startedAt: START }));
    bench.clock.advance(60 * MINUTE);
    Object.assign(bench.ports.events, {
      publish: (all: readonly JobEvent[]) => {
        bench.clock.advance(10_000);
        return Promise.resolve(all);
      },
    });
    const deadline = new Date(bench.clock.now().getTime() + 50_000);
    const summary = await bench.sweep({ deadline });
    expect(summary).toMatchObject({ capped: 1, announced: 0 });
    expect(summary.unfinished).toBeGreaterThan(0);
  });

  it('stops what there is to tell for this sweep when nobody listens', async () => {
    const ended = Array.from({ length: 40 }, () =>
      makeRecord({ ...ENDED, id: makeJobId(), announced: [] }),
    );
    const bench = createSweeping(...ended);
    let calls = 0;
    Object.assign(bench.ports.events, {
      publish: () => {
        calls += 1;
        return Promise.reject(new Problem('upstream_unavailable', 'down'));
      },
    });
    expect(await bench.sweep()).toMatchObject({ announced: 0 });
    expect(calls).toBeLessThanOrEqual(8);
    expect(bench.audit.records.length).toBeLessThanOrEqual(8);
  });

  it('waits on the item while the audit is down, and is published then', async () => {
    const bench = createSweeping({ ...ENDED, announced: [] });
    bench.audit.setDown(true);
    for (let minute = 1; minute <= 3; minute += 1) await bench.sweep();
    expect(bench.events).toEqual([]);
    bench.audit.setDown(false);
    await bench.sweep();
    expect(bench.events).toHaveLength(1);
  });

  it('takes no write that is refused', async () => {
    const holds = [
      { limit: 'concurrent-per-template', key: 'limit#template#tidy', most: 5 },
    ] as const;
    const bench = createSweeping();
    await bench.records.putIfAbsent({ ...RUNNING, holds }, new Date());
    bench.gateway.plant(toJob(RUNNING, 'succeeded', { startedAt: START, endedAt: START }));
    bench.clock.advance(MINUTE);
    const outcomes: string[] = [];
    const { records } = bench;
    Object.assign(bench.ports, {
      records: {
        ...records,
        replace: async (...args: Parameters<typeof records.replace>) => {
          const outcome = await records.replace(...args);
          outcomes.push(outcome);
          return outcome;
        },
      },
    });
    await bench.sweep();
    expect(outcomes).toEqual(['replaced', 'replaced']);
  });

  it('is left to the next sweep, and counted, when others always write first', async () => {
    const bench = createSweeping(QUEUED);
    bench.gateway.plant(toJob(QUEUED, 'queued'));
    Object.assign(bench.ports, {
      records: { ...bench.records, replace: () => Promise.resolve('conflict') },
    });
    expect(await bench.sweep()).toMatchObject({ announced: 0, unfinished: 1, failed: 0 });
    expect(bench.counted).toEqual([]);
    Object.assign(bench.ports, { records: bench.records });
    expect(await bench.sweep()).toMatchObject({ announced: 1, unfinished: 0 });
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
    const record = makeRecord({ ...RUNNING, cost: COST, maxRuntimeSeconds: 1_800 });
    const bench = createSweeping(record);
    bench.gateway.plant(toJob(record, 'running', { startedAt: START }));
    bench.clock.advance(1_831_000);
    await bench.sweep();
    expect(bench.read(record)).toMatchObject({ state: 'cancelling', reason: 'max_cost_reached' });
  });

  it('is noted before the job is asked to end, so that a killed sweep leaves the reason', async () => {
    const [record, job] = overdue('running');
    const bench = createSweeping(record);
    bench.gateway.plant(job);
    bench.clock.advance(record.maxRuntimeSeconds * 1000 + 30_001);
    const { records } = bench;
    let writes = 0;
    Object.assign(bench.ports, {
      records: {
        ...records,
        replace: (...args: Parameters<typeof records.replace>) => {
          writes += 1;
          if (writes > 1) throw new Problem('upstream_timeout', 'killed');
          return records.replace(...args);
        },
      },
    });
    await bench.sweep();
    expect(bench.gateway.cancellations).toHaveLength(1);
    Object.assign(bench.ports, { records });
    bench.gateway.change(record.id, { state: 'cancelled', endedAt: START });
    await bench.sweep();
    expect(bench.read(record)).toMatchObject({ state: 'cancelled', reason: 'max_runtime_reached' });
  });

  it('is enforced though callers have filled the outbox', async () => {
    const [record, job] = overdue('running');
    const outbox = Array.from({ length: 10 }, (_, index) => entry(`replay-${index}`));
    const bench = createSweeping({ ...record, outbox });
    bench.gateway.plant(job);
    bench.audit.setDown(true);
    bench.clock.advance(record.maxRuntimeSeconds * 1000 + 30_001);
    expect(await bench.sweep()).toMatchObject({ capped: 1 });
    expect(bench.read(record).outbox).toHaveLength(11);
  });

  it('that cannot be enforced is told as that, and what the listing told is kept', async () => {
    const [, job] = overdue('running');
    const record = makeRecord({ ...RUNNING, state: 'queued', history: [], announced: [] });
    const bench = createSweeping(record);
    bench.gateway.plant(job);
    bench.gateway.failNextFind(new Problem('upstream_timeout', 'slow'));
    bench.clock.advance(record.maxRuntimeSeconds * 1000 + 30_001);
    expect(await bench.sweep()).toMatchObject({ capped: 0, failed: 1, announced: 1 });
    expect(bench.troubles).toMatchObject([
      { doing: 'cap', jobId: record.id, target: 'analytics', thrown: { code: 'upstream_timeout' } },
    ]);
    expect(bench.read(record)).toMatchObject({ state: 'running', announced: ['running'] });
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

describe('a job that takes up more than its cost was reckoned with', () => {
  /** One that runs, whose money lasts for 1,800 seconds at its own size. */
  const priced = makeRecord({ ...RUNNING, cost: COST, maxRuntimeSeconds: 1_800 });
  const sweepAt = async (
    seconds: number,
    size: UpstreamJob['size'],
    record: JobRecord = priced,
  ): Promise<Sweeping> => {
    const bench = createSweeping(record);
    const job = toJob(record, 'running', { startedAt: START });
    bench.gateway.plant(size === undefined ? job : { ...job, size });
    bench.clock.advance(seconds * 1000);
    await bench.sweep();
    return bench;
  };

  it('is cancelled before its money is spent at that size, with the reason', async () => {
    const tenfold = { milliDcu: 10_000, shuffleGb: 0 };
    expect((await sweepAt(60, tenfold)).read(priced)).toEqual(priced);
    const bench = await sweepAt(61, tenfold);
    expect(bench.read(priced)).toMatchObject({ state: 'cancelling', reason: 'max_cost_reached' });
    expect(bench.gateway.cancellations).toMatchObject([{ account: 'operator-of-analytics' }]);
    expect(bench.audit.records[0]).toMatchObject({ rule: 'max-cost', jobId: priced.id });
  });

  it('is charged for its shuffle storage, too', async () => {
    const bench = await sweepAt(600, { milliDcu: 1_001, shuffleGb: 4_000 });
    expect(bench.read(priced)).toMatchObject({ reason: 'max_cost_reached' });
    const without = await sweepAt(600, { milliDcu: 1_001, shuffleGb: 0 });
    expect(without.read(priced)).toEqual(priced);
  });

  it.each<[string, UpstreamJob['size'], JobRecord]>([
    ['keeps to its size', { milliDcu: 1_000, shuffleGb: 0 }, priced],
    ['has a size that is not known', undefined, priced],
    ['has no price', { milliDcu: 1_000_000, shuffleGb: 0 }, makeRecord(RUNNING)],
  ])('is none that %s: its time alone ends it', async (_name, size, record) => {
    expect((await sweepAt(1_800, size, record)).read(record)).toEqual(record);
  });
});

describe('a cancellation that had no effect', () => {
  const cancelling = makeRecord({
    ...RUNNING,
    state: 'cancelling',
    reason: 'cancel_requested',
    cancelReason: 'cancel_requested',
    history: [...RUNNING.history, { state: 'cancelling', at: START }],
    announced: ['queued', 'running', 'cancelling'],
  });

  it('is asked for again after five minutes', async () => {
    const bench = createSweeping(cancelling);
    bench.gateway.plant(toJob(cancelling, 'running', { startedAt: START }));
    bench.clock.advance(5 * MINUTE - 1);
    await bench.sweep();
    expect(bench.gateway.cancellations).toEqual([]);
    bench.clock.advance(1);
    await bench.sweep();
    expect(bench.gateway.cancellations).toHaveLength(1);
    expect(bench.audit.records).toMatchObject([{ action: 'sweep-jobs', rule: 'cancel-again' }]);
    expect(bench.read(cancelling)).toMatchObject({
      state: 'cancelling',
      reason: 'cancel_requested',
    });
  });
});

describe('a cancellation that has no effect, time and again', () => {
  const asked = { state: 'cancelling', at: START } as const;
  const cancelling = makeRecord({
    ...RUNNING,
    state: 'cancelling',
    cancelReason: 'cancel_requested',
    history: [...RUNNING.history, asked],
    announced: ['queued', 'running', 'cancelling'],
  });
  const sweepEachMinute = async (bench: Bench, sweeps: number): Promise<void> => {
    for (let sweep = 1; sweep <= sweeps; sweep += 1) {
      bench.gateway.plant(toJob(cancelling, 'running', { startedAt: START }));
      Object.assign(bench.ports, { requestId: `sweep-${sweep}` });
      await bench.sweep();
      bench.clock.advance(MINUTE);
    }
  };

  it('is asked for every minute, each time under an id of its own in the audit', async () => {
    const bench = createSweeping(cancelling);
    bench.clock.advance(5 * MINUTE);
    await sweepEachMinute(bench, 3);
    expect(bench.gateway.cancellations).toHaveLength(3);
    expect(bench.audit.records.map(({ id }) => id)).toEqual([
      `${cancelling.id}:cancel-again:sweep-1`,
      `${cancelling.id}:cancel-again:sweep-2`,
      `${cancelling.id}:cancel-again:sweep-3`,
    ]);
  });

  it('is not asked for without its record: ten of them wait on the item while the audit is down', async () => {
    const bench = createSweeping(cancelling);
    bench.audit.setDown(true);
    bench.clock.advance(5 * MINUTE);
    await sweepEachMinute(bench, 12);
    expect(bench.gateway.cancellations).toHaveLength(10);
    expect(bench.read(cancelling).outbox).toHaveLength(10);
    expect(bench.troubles.at(-1)).toMatchObject({ doing: 'cap', jobId: cancelling.id });
  });
});

describe('a record whose target is gone', () => {
  it('is told each time', async () => {
    const bench = createSweeping({ ...RUNNING, target: { ...RUNNING.target, name: 'gone' } });
    bench.clock.advance(MINUTE);
    expect(await bench.sweep()).toMatchObject({ failed: 1 });
    expect(bench.troubles).toMatchObject([{ doing: 'look', jobId: RUNNING.id, target: 'gone' }]);
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

  it('is told, and left alone, when its labels name another record than the one of its id', async () => {
    const bench = createSweeping(ENDED);
    const labels = { ...toJob(ENDED, 'running').labels, 'jg-request': 'r-other' };
    bench.gateway.plant(toJob(ENDED, 'running', { labels }));
    expect(await bench.sweep()).toMatchObject({ orphans: 1, strangers: 1 });
    expect(bench.gateway.cancellations).toEqual([]);
  });

  it('is ended though its record waits to be announced', async () => {
    const bench = createSweeping({ ...ENDED, announced: [] });
    bench.gateway.plant(toJob(ENDED, 'running'));
    bench.spoilNextPublication(new Problem('upstream_unavailable', 'down'));
    expect(await bench.sweep()).toMatchObject({ orphans: 1, announced: 0 });
    expect(bench.gateway.cancellations).toHaveLength(1);
  });

  it('is ended once, as its own target’s operator, when two targets list it', async () => {
    const bench = createSweeping(ENDED);
    bench.gateway.plant(toJob(ENDED, 'running'));
    Object.assign(bench.ports, { targets: ['other', 'analytics', 'third'] });
    expect(await bench.sweep()).toMatchObject({ orphans: 1 });
    expect(bench.gateway.cancellations).toMatchObject([{ account: 'operator-of-analytics' }]);
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
  it('that cannot be listed are told, and void no sweep', async () => {
    const bench = createSweeping(RUNNING);
    bench.gateway.plant(toJob(RUNNING, 'running', { startedAt: START }));
    Object.assign(bench.ports, {
      records: {
        ...bench.records,
        listCounters: () => Promise.reject(new Problem('upstream_timeout', 'slow')),
      },
    });
    const summary = await bench.sweep({ corrects: true });
    expect(summary).toMatchObject({ failed: 1, uncorrected: 1, active: 1 });
    expect(bench.troubles).toMatchObject([{ doing: 'count' }]);
  });

  it('that could not be put right are counted apart, by the sweeps that compare them alone', async () => {
    const bench = createSweeping();
    bench.records.counters.setHolders(key, [QUEUED.id]);
    const { records } = bench;
    Object.assign(bench.ports, {
      records: { ...records, releaseHolder: () => Promise.reject(new Error('damaged')) },
    });
    bench.gateway.failNextList(new Problem('upstream_unavailable', 'down'));
    expect(await bench.sweep()).toMatchObject({ failed: 1, uncorrected: null });
    bench.gateway.failNextList(new Problem('upstream_unavailable', 'down'));
    expect(await bench.sweep({ corrects: true })).toMatchObject({ failed: 2, uncorrected: 1 });
    Object.assign(bench.ports, { records });
    expect(await bench.sweep({ corrects: true })).toMatchObject({ failed: 0, uncorrected: 0 });
  });

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
