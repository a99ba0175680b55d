import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toDueRecord } from '../../shared/jobs/due.ts';
import type { JobId, JobRecord } from '../../shared/jobs/job.ts';
import type { LimitHold } from '../../shared/jobs/limit-hold.ts';
import type { DueRecord, SweepRecords } from '../../shared/jobs/ports.ts';
import { makeAuditRecord } from '../support/audit-records.ts';
import { FAR, START } from '../support/clock.ts';
import { readAllCounters, readAllDue } from '../support/correct-counters.ts';
import type { Hands } from '../support/hands.ts';
import { makeJobId, makeRecord } from '../support/job-records.ts';

/** A store, and hands that change it behind Jobgate's back. */
export interface SweepBench {
  readonly records: SweepRecords;
  readonly hands: Hands;
}

/** Limits whose counters nothing else moves. */
function makeHolds(): readonly [LimitHold, LimitHold, LimitHold] {
  const id = randomUUID();
  return [
    { limit: 'runs-per-day', key: `limit#day#${id}`, most: 2 },
    { limit: 'concurrent-per-caller', key: `limit#caller#${id}`, most: 2 },
    { limit: 'concurrent-per-template', key: `limit#template#${id}`, most: 2 },
  ];
}

/** The next version of a record, whose job has ended as it began: with its end still to be announced, or not. */
function toEnded(record: JobRecord, announced: JobRecord['announced']): JobRecord {
  const history = [...record.history, { state: 'succeeded', at: START } as const];
  const version = record.version + 1;
  return { ...record, version, state: 'succeeded', endedAt: START, history, announced };
}

/** Holds every implementation of {@link SweepRecords} to the same behaviour in what only the sweep asks. */
export function describeSweepRecords(
  name: string,
  open: () => SweepBench,
  deadline: () => Date = () => FAR,
): void {
  const put = async (records: SweepRecords, changes: Partial<JobRecord>): Promise<JobRecord> => {
    const record = makeRecord(changes);
    expect(await records.putIfAbsent(record, deadline())).toEqual({ kind: 'created' });
    return record;
  };
  const findDue = async (records: SweepRecords, id: JobId): Promise<readonly DueRecord[]> =>
    (await readAllDue(records, deadline())).filter((record) => record.id === id);
  const findHolders = async (
    records: SweepRecords,
    key: string,
  ): Promise<readonly string[] | undefined> => {
    const counters = await readAllCounters(records, deadline());
    return counters.find((counter) => counter.key === key)?.holders;
  };
  const count = async (records: SweepRecords, key: string): Promise<number | undefined> =>
    (await records.findUsage([key], deadline())).get(key)?.count;

  describe(`what is due ${name}`, () => {
    it('is every record whose job has not ended, as the sweep must know it', async () => {
      const { records } = open();
      const record = await put(records, {
        state: 'submitting',
        waitReason: 'submitting',
        history: [],
        holds: makeHolds(),
        outbox: [makeAuditRecord()],
      });
      expect(await findDue(records, record.id)).toEqual([
        {
          id: record.id,
          state: 'submitting',
          waitReason: 'submitting',
          target: 'analytics',
          submittedAt: START,
          startedAt: null,
          checkedAt: START,
          maxRuntimeSeconds: 1800,
          mostMilliDcu: null,
          missingSince: null,
          holds: record.holds,
          unannounced: false,
          undelivered: true,
        },
      ]);
    });

    it('follows the record', async () => {
      const { records } = open();
      const record = await put(records, {});
      const history = [...record.history, { state: 'running', at: START } as const];
      const next = { ...record, version: 2, state: 'running', startedAt: START, history } as const;
      await records.replace(next, deadline());
      expect(await findDue(records, record.id)).toEqual([toDueRecord(next)]);
    });

    it('is a record whose job has ended until its end is announced', async () => {
      const { records } = open();
      const record = await put(records, { holds: makeHolds(), announced: ['queued'] });
      const ended = toEnded(record, ['queued']);
      await records.replace(ended, deadline());
      expect(await findDue(records, record.id)).toMatchObject([
        { state: 'succeeded', unannounced: true, holds: [] },
      ]);
      const announced = ['queued', 'succeeded'] as const;
      await records.replace({ ...ended, version: 3, holds: [], announced }, deadline());
      expect(await findDue(records, record.id)).toEqual([]);
      expect(await records.find(record.id, deadline())).toMatchObject({ version: 3, announced });
    });

    it('is a record whose job has ended until its audit records are delivered', async () => {
      const { records } = open();
      const record = await put(records, { outbox: [makeAuditRecord()] });
      const ended = toEnded(record, ['queued', 'succeeded']);
      await records.replace(ended, deadline());
      expect(await findDue(records, record.id)).toMatchObject([
        { unannounced: false, undelivered: true },
      ]);
      await records.replace({ ...ended, version: 3, outbox: [] }, deadline());
      expect(await findDue(records, record.id)).toEqual([]);
    });

    it('is nothing that a hand has taken away', async () => {
      const { records, hands } = open();
      const record = await put(records, {});
      await hands.removeRecord(record.id);
      expect(await findDue(records, record.id)).toEqual([]);
    });
  });

  describe(`the counters that are listed ${name}`, () => {
    it('are those of jobs at a time, by who holds them, and no longer than somebody does', async () => {
      const { records } = open();
      const holds = makeHolds();
      const [first, second] = [await put(records, { holds }), await put(records, { holds })];
      const [day, caller, template] = holds;
      for (const { key } of [caller, template]) {
        expect(new Set(await findHolders(records, key))).toEqual(new Set([first.id, second.id]));
      }
      expect(await findHolders(records, day.key)).toBeUndefined();
      await records.replace(toEnded(first, []), deadline());
      expect(await findHolders(records, caller.key)).toEqual([second.id]);
      await records.replace(toEnded(second, []), deadline());
      expect(await findHolders(records, caller.key)).toBeUndefined();
    });

    it('show what a hand has put there, though it is no job', async () => {
      const { records, hands } = open();
      const [, { key }] = makeHolds();
      await hands.setHolders(key, ['no job']);
      expect(await findHolders(records, key)).toEqual(['no job']);
    });
  });

  describe(`a counter ${name} is put right`, () => {
    it('by taking off a job whose record is gone', async () => {
      const { records, hands } = open();
      const holds = makeHolds();
      const [gone, left] = [await put(records, { holds }), await put(records, { holds })];
      await hands.removeRecord(gone.id);
      const { key } = holds[1];
      expect(await records.releaseHolder(key, gone.id, deadline())).toBe(true);
      expect(await findHolders(records, key)).toEqual([left.id]);
      expect(await records.releaseHolder(key, gone.id, deadline())).toBe(true);
      expect(await findHolders(records, key)).toEqual([left.id]);
    });

    it('by taking off a job that has ended', async () => {
      const { records, hands } = open();
      const record = await put(records, { holds: makeHolds() });
      const { key } = record.holds[1] ?? { key: '' };
      await records.replace(toEnded(record, []), deadline());
      await hands.setHolders(key, [record.id]);
      expect(await records.releaseHolder(key, record.id, deadline())).toBe(true);
      expect(await count(records, key)).toBe(0);
    });

    it('but not by taking off a job that holds it', async () => {
      const { records } = open();
      const record = await put(records, { holds: makeHolds() });
      for (const { key } of record.holds.slice(1)) {
        expect(await records.releaseHolder(key, record.id, deadline())).toBe(false);
        expect(await findHolders(records, key)).toEqual([record.id]);
      }
    });

    it('by taking off a job that holds another', async () => {
      const { records, hands } = open();
      const record = await put(records, { holds: makeHolds() });
      const [, { key }] = makeHolds();
      await hands.setHolders(key, [record.id]);
      expect(await records.releaseHolder(key, record.id, deadline())).toBe(true);
      expect(await count(records, key)).toBe(0);
    });

    it.each(['no job', 'limit#caller#x', 'jg-'.padEnd(3_000, 'a')])(
      'by taking off what is no job: %.20s',
      async (stray) => {
        const { records, hands } = open();
        const [, { key }] = makeHolds();
        const other = makeJobId();
        await hands.setHolders(key, [other, stray, key]);
        expect(await records.releaseHolder(key, stray, deadline())).toBe(true);
        expect(await records.releaseHolder(key, key, deadline())).toBe(true);
        expect(await findHolders(records, key)).toEqual([other]);
      },
    );

    it('by counting a job that holds it, even if it admits no more', async () => {
      const { records, hands } = open();
      const holds = makeHolds();
      const record = await put(records, { holds });
      const others = [makeJobId(), makeJobId()];
      for (const hold of holds.slice(1)) {
        await hands.setHolders(hold.key, others);
        expect(await records.restoreHolder(record.id, hold, deadline())).toBe(true);
        expect(await records.restoreHolder(record.id, hold, deadline())).toBe(true);
        expect(new Set(await findHolders(records, hold.key))).toEqual(
          new Set([...others, record.id]),
        );
      }
    });

    it('by counting a job on one that is gone', async () => {
      const { records, hands } = open();
      const record = await put(records, { holds: makeHolds() });
      const [, hold] = record.holds;
      if (hold === undefined) throw new Error('the record holds nothing');
      await hands.setHolders(hold.key, []);
      expect(await records.restoreHolder(record.id, hold, deadline())).toBe(true);
      expect(await findHolders(records, hold.key)).toEqual([record.id]);
      await records.replace(toEnded(record, []), deadline());
      expect(await count(records, hold.key)).toBe(0);
    });

    it('but not by counting a job that has ended, that is gone or that holds another', async () => {
      const { records } = open();
      const [, hold, other] = makeHolds();
      const record = await put(records, { holds: [hold] });
      expect(await records.restoreHolder(record.id, other, deadline())).toBe(false);
      await records.replace(toEnded(record, []), deadline());
      expect(await records.restoreHolder(record.id, hold, deadline())).toBe(false);
      expect(await records.restoreHolder(makeJobId(), hold, deadline())).toBe(false);
      expect([await count(records, hold.key), await count(records, other.key)]).toEqual([0, 0]);
    });

    it('but never one of a day, which adding twice would make two', async () => {
      const { records } = open();
      const record = await put(records, { holds: makeHolds() });
      const [day] = record.holds;
      if (day === undefined) throw new Error('the record holds nothing');
      expect(await records.restoreHolder(record.id, day, deadline())).toBe(false);
      expect(await count(records, day.key)).toBe(1);
    });
  });

  describe(`a job ${name} that ends`, () => {
    it.each([
      ['is gone', undefined],
      ['is empty', 0],
      ['is less than nothing', -3],
    ])('though the counter of its day %s, takes nothing from it', async (_name, runs) => {
      const { records, hands } = open();
      const holds = makeHolds();
      const record = await put(records, { holds });
      await hands.setRuns(holds[0].key, runs);
      const history = [{ state: 'failed', at: START }] as const;
      const failed = { ...record, version: 2, state: 'failed', endedAt: START, history } as const;
      expect(await records.replace(failed, deadline())).toBe('replaced');
      expect(await count(records, holds[0].key)).toBe(0);
      expect(await count(records, holds[1].key)).toBe(0);
      if (runs === -3) return;
      const admitted = [makeRecord({ holds }), makeRecord({ holds }), makeRecord({ holds })];
      const kinds: string[] = [];
      for (const next of admitted) kinds.push((await records.putIfAbsent(next, deadline())).kind);
      expect(kinds).toEqual(['created', 'created', 'limited']);
    });

    it('though a hand has taken its counters away, ends', async () => {
      const { records, hands } = open();
      const record = await put(records, { holds: makeHolds() });
      for (const { key } of record.holds.slice(1)) await hands.setHolders(key, []);
      expect(await records.replace(toEnded(record, []), deadline())).toBe('replaced');
      expect(await count(records, record.holds[1]?.key ?? '')).toBe(0);
    });

    it('though a hand has taken its record away, is a conflict, and is counted until it is put right', async () => {
      const { records, hands } = open();
      const record = await put(records, { holds: makeHolds() });
      await hands.removeRecord(record.id);
      expect(await records.replace(toEnded(record, []), deadline())).toBe('conflict');
      expect(await records.find(record.id, deadline())).toBeUndefined();
      const { key } = record.holds[1] ?? { key: '' };
      expect(await count(records, key)).toBe(1);
      expect(await records.releaseHolder(key, record.id, deadline())).toBe(true);
      expect(await count(records, key)).toBe(0);
    });
  });
}
