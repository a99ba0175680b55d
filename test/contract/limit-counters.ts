import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { JobRecord } from '../../shared/jobs/job.ts';
import type { LimitHold } from '../../shared/jobs/limit-hold.ts';
import type { JobRecords } from '../../shared/jobs/ports.ts';
import { makeRecord } from '../support/job-records.ts';

/** Limits whose counters nothing else moves. */
function makeHolds(most: Partial<Record<LimitHold['limit'], number>> = {}): readonly LimitHold[] {
  const id = randomUUID();
  return [
    { limit: 'runs-per-day', key: `limit#day#${id}`, most: most['runs-per-day'] ?? 50 },
    {
      limit: 'concurrent-per-caller',
      key: `limit#caller#${id}`,
      most: most['concurrent-per-caller'] ?? 20,
    },
    {
      limit: 'concurrent-per-template',
      key: `limit#template#${id}`,
      most: most['concurrent-per-template'] ?? 30,
    },
  ];
}

/** The record of a job that has ended at once, after it was queued or before it ever was. */
function toEnded(record: JobRecord, ran: boolean): JobRecord {
  const at = record.submittedAt;
  const state = ran ? 'succeeded' : 'failed';
  const history = ran ? [...record.history, { state, at } as const] : [{ state, at } as const];
  return { ...record, version: record.version + 1, state, endedAt: at, history };
}

/** Holds the counters of limits to the same behaviour in every implementation of {@link JobRecords}. */
export function describeLimitCounters(open: () => JobRecords, deadline: () => Date): void {
  const count = async (
    records: JobRecords,
    holds: readonly LimitHold[],
  ): Promise<readonly number[]> => {
    const usage = await records.findUsage(
      holds.map(({ key }) => key),
      deadline(),
    );
    return holds.map(({ key }) => usage.get(key)?.count ?? -1);
  };

  it('count nothing under a limit that no job holds', async () => {
    expect(await count(open(), makeHolds())).toEqual([0, 0, 0]);
    expect(await open().findUsage([], deadline())).toEqual(new Map());
  });

  it('count a job under each of its limits, and name those that run', async () => {
    const records = open();
    const holds = makeHolds();
    const [first, second] = [makeRecord({ holds }), makeRecord({ holds })];
    expect(await records.putIfAbsent(first, deadline())).toEqual({ kind: 'created' });
    expect(await records.find(first.id, deadline())).toEqual(first);
    await records.putIfAbsent(second, deadline());
    const keys = holds.map(({ key }) => key);
    const usage = await records.findUsage(keys, deadline());
    const uses = keys.map((key) => usage.get(key));
    expect(uses.map((use) => [use?.count, new Set(use?.holders)])).toEqual([
      [2, new Set()],
      [2, new Set([first.id, second.id])],
      [2, new Set([first.id, second.id])],
    ]);
  });

  it.each([
    ['runs-per-day', 0],
    ['concurrent-per-caller', 1],
    ['concurrent-per-template', 2],
  ] as const)('refuse what %s does not admit, and count nothing then', async (limit, index) => {
    const records = open();
    const holds = makeHolds({ [limit]: 1 });
    const [first, second] = [makeRecord({ holds }), makeRecord({ holds })];
    await records.putIfAbsent(first, deadline());
    expect(await records.putIfAbsent(second, deadline())).toEqual({
      kind: 'limited',
      reached: [
        { key: holds[index]?.key, count: 1, holders: limit === 'runs-per-day' ? [] : [first.id] },
      ],
    });
    expect(await records.find(second.id, deadline())).toBeUndefined();
    expect(await count(records, holds)).toEqual([1, 1, 1]);
  });

  it('name every limit that is reached', async () => {
    const records = open();
    const holds = makeHolds({ 'runs-per-day': 1, 'concurrent-per-template': 1 });
    await records.putIfAbsent(makeRecord({ holds }), deadline());
    expect(await records.putIfAbsent(makeRecord({ holds }), deadline())).toMatchObject({
      kind: 'limited',
      reached: [{ key: holds[0]?.key }, { key: holds[2]?.key }],
    });
  });

  it('show a record that is there though its limits are reached', async () => {
    const records = open();
    const record = makeRecord({ holds: makeHolds({ 'concurrent-per-caller': 1 }) });
    await records.putIfAbsent(record, deadline());
    const other = { ...record, correlationId: 'correlation-other' };
    expect(await records.putIfAbsent(other, deadline())).toEqual({ kind: 'exists', record });
    expect(await count(records, record.holds)).toEqual([1, 1, 1]);
  });

  it('admit exactly as many of several that come at once as the limit says', async () => {
    const records = open();
    const holds = makeHolds({ 'concurrent-per-caller': 3 });
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => records.putIfAbsent(makeRecord({ holds }), deadline())),
    );
    expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(3);
    expect(outcomes.filter(({ kind }) => kind === 'limited')).toHaveLength(5);
    expect(await count(records, holds)).toEqual([3, 3, 3]);
  });

  it('keep counting a job whose record changes and does not end', async () => {
    const records = open();
    const record = makeRecord({ holds: makeHolds() });
    await records.putIfAbsent(record, deadline());
    await records.replace({ ...record, version: 2, state: 'running' }, deadline());
    expect(await count(records, record.holds)).toEqual([1, 1, 1]);
  });

  it.each([
    ['has run, but not its run of the day', true, [1, 0, 0]],
    ['never ran, and its run of the day', false, [0, 0, 0]],
  ])('take a job off its limits that %s', async (_name, ran, expected) => {
    const records = open();
    const record = makeRecord({ holds: makeHolds() });
    await records.putIfAbsent(record, deadline());
    expect(await records.replace(toEnded(record, ran), deadline())).toBe('replaced');
    expect(await count(records, record.holds)).toEqual(expected);
    expect(await records.find(record.id, deadline())).toMatchObject({ version: 2, holds: [] });
  });

  it('take it off once, whoever else ends it or writes the ended record again', async () => {
    const records = open();
    const record = makeRecord({ holds: makeHolds() });
    await records.putIfAbsent(record, deadline());
    const ended = toEnded(record, false);
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => records.replace(ended, deadline())),
    );
    expect(outcomes.filter((outcome) => outcome === 'replaced')).toHaveLength(1);
    expect(await records.replace({ ...ended, version: 3 }, deadline())).toBe('conflict');
    expect(await count(records, record.holds)).toEqual([0, 0, 0]);
    const found = (await records.find(record.id, deadline())) ?? record;
    const settled = { ...found, version: 3, reason: 'settled' };
    expect(await records.replace(settled, deadline())).toBe('replaced');
    expect(await count(records, record.holds)).toEqual([0, 0, 0]);
  });

  it('admit the next job as soon as one has ended', async () => {
    const records = open();
    const holds = makeHolds({ 'concurrent-per-caller': 1 });
    const [first, second] = [makeRecord({ holds }), makeRecord({ holds })];
    await records.putIfAbsent(first, deadline());
    expect(await records.putIfAbsent(second, deadline())).toMatchObject({ kind: 'limited' });
    await records.replace(toEnded(first, true), deadline());
    expect(await records.putIfAbsent(second, deadline())).toEqual({ kind: 'created' });
  });
}
