import { describe, expect, it } from 'vitest';
import type { SubmitRequest } from '../../../shared/jobs/submission.ts';
import { toProblem } from '../../../shared/problem.ts';
import type { TemplateLimits } from '../../../shared/templates/template.ts';
import { ADMIN, AGENT, ANALYST } from '../../support/callers.ts';
import {
  createSubmitting,
  failExpected,
  JOB,
  REFUSED,
  TIMEOUT,
  type Submitting,
} from '../../support/submitting.ts';
import { TIDY } from '../../support/templates.ts';

/** A submission under a key of its own, with other limits. */
function under(
  idempotencyKey: string,
  limits: Partial<TemplateLimits> = {},
): Partial<SubmitRequest> {
  return { idempotencyKey, limits: { ...TIDY.limits, ...limits } };
}

async function counts(bench: Submitting): Promise<readonly number[]> {
  const keys = (await bench.submit(under('key-of-counts'))).record.holds.map(({ key }) => key);
  const usage = await bench.records.findUsage(keys, new Date());
  return keys.map((key) => (usage.get(key)?.count ?? 0) - 1);
}

describe('a submission at a limit', () => {
  it('is refused when the caller has as many jobs as the limit admits, and names them', async () => {
    const bench = createSubmitting();
    const jobs = [await bench.submit(), await bench.submit(under('key-2'))];
    const problem = await bench.refuse(under('key-3'));
    expect(problem).toMatchObject({
      code: 'limit_reached',
      detail: 'You have 2 of 2 jobs of tidy that you may have at a time; wait until one has ended.',
      extras: {
        limit: { name: 'concurrent-per-caller', most: 2, count: 2 },
        jobs: jobs.map(({ record }) => record.id),
        retryAfter: 30,
      },
    });
    expect(bench.gateway.submissions).toHaveLength(2);
    expect(bench.records.all()).toHaveLength(2);
    expect(bench.told).toHaveLength(2);
  });

  it('counts other callers’ jobs under the template’s limit and does not name them', async () => {
    const bench = createSubmitting();
    const maxConcurrent = { perCaller: 2, perTemplate: 2 };
    const own = await bench.submit(under('key-1', { maxConcurrent }));
    await bench.submit({ ...under('key-1', { maxConcurrent }), caller: ADMIN });
    const problem = await bench.refuse(under('key-2', { maxConcurrent }));
    expect(problem).toMatchObject({
      code: 'limit_reached',
      detail: 'There are 2 of 2 jobs of tidy that may run at a time, whoever started them.',
      extras: {
        limit: { name: 'concurrent-per-template', most: 2, count: 2 },
        jobs: [own.record.id],
      },
    });
  });

  it('counts what a person and who acts for them have submitted together, and names what each may see', async () => {
    const bench = createSubmitting();
    const own = await bench.submit();
    const acted = await bench.submit({ caller: AGENT });
    expect(await bench.refuse({ ...under('key-3'), caller: AGENT })).toMatchObject({
      code: 'limit_reached',
      detail:
        'ana and whoever acts for ana have 2 of 2 jobs of tidy that they may have at a time; wait until one has ended.',
      extras: { limit: { most: 2, count: 2 }, jobs: [acted.record.id] },
    });
    const admin = { ...AGENT, scopes: ['jobs:admin'] };
    for (const caller of [ANALYST, admin]) {
      const { extras } = await bench.refuse({ ...under('key-3'), caller });
      expect(extras.jobs).toEqual([own.record.id, acted.record.id]);
    }
  });

  it('names twenty jobs at most, and looks for those of one who acts for a person among sixty', async () => {
    const bench = createSubmitting();
    const limits = { maxConcurrent: { perCaller: 90, perTemplate: 90 }, maxRunsPerDay: 100 };
    const acted: string[] = [];
    for (let run = 0; run < 90; run += 1) {
      const isAgent = run >= 50 && run < 80;
      const caller = isAgent ? AGENT : ANALYST;
      const { record } = await bench.submit({ ...under(`key-${run}`, limits), caller });
      if (isAgent) acted.push(record.id);
    }
    const person = await bench.refuse(under('key-90', limits));
    expect(person.extras.jobs).toHaveLength(20);
    let reads = 0;
    const { records } = bench;
    const store = {
      ...records,
      find: (...args: Parameters<typeof records.find>) => {
        reads += 1;
        return records.find(...args);
      },
    };
    const changes = { ...under('key-90', limits), caller: AGENT };
    const agent = await bench.submit(changes, store).then(failExpected, toProblem);
    expect([agent.extras.jobs, reads]).toEqual([acted.slice(0, 10), 60]);
  });

  it('is refused after as many runs as a day admits, until midnight in UTC', async () => {
    const bench = createSubmitting();
    await bench.submit(under('key-1', { maxRunsPerDay: 1 }));
    const problem = await bench.refuse(under('key-2', { maxRunsPerDay: 1 }));
    expect(problem).toMatchObject({
      code: 'limit_reached',
      detail: 'You have used 1 of 1 runs of tidy a day; the day ends at midnight UTC.',
      extras: {
        limit: {
          name: 'runs-per-day',
          most: 1,
          count: 1,
          resetsAt: '2026-01-16T00:00:00.000Z',
        },
        jobs: [],
        retryAfter: 12 * 3600,
      },
    });
    bench.clock.advance(12 * 3600_000);
    await expect(bench.submit(under('key-2', { maxRunsPerDay: 1 }))).resolves.toBeDefined();
  });

  it('names the limit that lasts longest when several are reached', async () => {
    const bench = createSubmitting();
    const limits = { maxRunsPerDay: 1, maxConcurrent: { perCaller: 1, perTemplate: 1 } };
    await bench.submit(under('key-1', limits));
    const problem = await bench.refuse(under('key-2', limits));
    expect(problem.extras.limit?.name).toBe('runs-per-day');
  });

  it('is answered with its job when it was admitted before', async () => {
    const bench = createSubmitting();
    const maxConcurrent = { perCaller: 1, perTemplate: 1 };
    const first = await bench.submit(under('key-1', { maxConcurrent }));
    const again = await bench.submit(under('key-1', { maxConcurrent }));
    expect(again).toEqual({ record: first.record, replayed: true });
  });

  it('admits exactly two of twenty that arrive at once', async () => {
    const bench = createSubmitting();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => bench.submit(under(`key-${index}`))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(bench.gateway.submissions).toHaveLength(2);
  });

  it('of another caller is admitted', async () => {
    const bench = createSubmitting();
    await bench.submit(under('key-1', { maxRunsPerDay: 1 }));
    await bench.submit({ ...under('key-1', { maxRunsPerDay: 1 }), caller: ADMIN });
    expect(bench.gateway.submissions).toHaveLength(2);
  });
});

describe('the counters of a new job', () => {
  it('are told to who asks, as they are after it', async () => {
    const bench = createSubmitting();
    await bench.submit();
    const { usage, record } = await bench.submit({ ...under('key-2'), tellsUsage: true });
    expect(record.holds.map(({ key }) => usage?.get(key)?.count)).toEqual([2, 2, 2]);
  });

  it('are not read when nobody asks for them', async () => {
    const bench = createSubmitting();
    const store = { ...bench.records, findUsage: () => Promise.reject(new Error('read')) };
    expect((await bench.submit({}, store)).usage).toBeUndefined();
  });

  it('are left out when they cannot be read, and the job starts', async () => {
    const bench = createSubmitting();
    const store = { ...bench.records, findUsage: () => Promise.reject(TIMEOUT) };
    const result = await bench.submit({ tellsUsage: true }, store);
    expect(result).toMatchObject({ replayed: false, record: { id: JOB, state: 'queued' } });
    expect(result.usage).toBeUndefined();
  });

  it('go down when Dataproc refuses the job for good', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    expect(await bench.refuse()).toMatchObject({ code: 'upstream_refused' });
    expect(bench.stored()).toMatchObject({ state: 'failed', holds: [] });
    expect(await counts(bench)).toEqual([0, 0, 0]);
  });

  it('stay while nobody knows whether Dataproc has the job', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    expect(await counts(bench)).toEqual([1, 1, 1]);
  });

  it('are those of the identity, whatever client it came with', async () => {
    const bench = createSubmitting();
    await bench.submit();
    await bench.submit({ ...under('key-2'), caller: { ...ANALYST, client: 'pipeline' } });
    expect((await bench.refuse(under('key-3'))).code).toBe('limit_reached');
  });
});
