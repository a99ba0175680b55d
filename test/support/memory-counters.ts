import { parseJobId, type JobId, type JobRecord } from '../../shared/jobs/job.ts';
import { toReturned, type LimitUse } from '../../shared/jobs/limits.ts';
import type { LimitHolders } from '../../shared/jobs/ports.ts';

/** Counters of limits: the ids that hold one, and a number for the runs of a day. */
export interface MemoryCounters {
  readonly read: (key: string) => LimitUse;
  readonly findReached: (record: JobRecord) => readonly LimitUse[];
  readonly add: (record: JobRecord) => void;
  readonly remove: (record: JobRecord) => void;
  /** The counters of jobs at a time that hold any, by key. */
  readonly list: () => readonly LimitHolders[];
  readonly addHolder: (key: string, holder: JobId) => void;
  readonly removeHolder: (key: string, holder: string) => void;
  /** Sets who holds a limit, whoever did; nobody when the counter is gone. */
  readonly setHolders: (key: string, ids: readonly string[]) => void;
  /** Sets the runs of a day; undefined when the counter is gone. */
  readonly setRuns: (key: string, count: number | undefined) => void;
}

/** Makes counters that count nothing. */
export function createMemoryCounters(): MemoryCounters {
  const holders = new Map<string, ReadonlySet<string>>();
  const runs = new Map<string, number>();
  const setHolders = (key: string, ids: Iterable<string>): void => {
    const kept = new Set(ids);
    if (kept.size === 0) holders.delete(key);
    else holders.set(key, kept);
  };
  const addHolder = (key: string, holder: string): void => {
    setHolders(key, [...(holders.get(key) ?? []), holder]);
  };
  const removeHolder = (key: string, holder: string): void => {
    setHolders(
      key,
      [...(holders.get(key) ?? [])].filter((id) => id !== holder),
    );
  };
  const read = (key: string): LimitUse => {
    const ids = [...(holders.get(key) ?? [])];
    return { key, count: Math.max(0, runs.get(key) ?? ids.length), holders: ids.filter(isJobId) };
  };
  return {
    read,
    findReached: ({ holds }) =>
      holds.filter(({ key, most }) => read(key).count >= most).map(({ key }) => read(key)),
    add: ({ id, holds }) => {
      for (const { key, limit } of holds) {
        if (limit === 'runs-per-day') runs.set(key, (runs.get(key) ?? 0) + 1);
        else addHolder(key, id);
      }
    },
    remove: (record) => {
      for (const { key, limit } of toReturned(record)) {
        if (limit === 'runs-per-day') returnRun(runs, key);
        else removeHolder(key, record.id);
      }
    },
    list: () => [...holders].map(([key, ids]) => ({ key, holders: [...ids] })),
    addHolder,
    removeHolder,
    setHolders,
    setRuns: (key, count) => {
      if (count === undefined) runs.delete(key);
      else runs.set(key, count);
    },
  };
}

function returnRun(runs: Map<string, number>, key: string): void {
  const count = runs.get(key) ?? 0;
  if (count > 0) runs.set(key, count - 1);
}

function isJobId(id: string): id is JobId {
  return parseJobId(id) !== undefined;
}
