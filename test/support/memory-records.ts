import { isTerminal, type JobId, type JobRecord } from '../../shared/jobs/job.ts';
import { toReturned, type LimitUse } from '../../shared/jobs/limits.ts';
import type { JobRecords } from '../../shared/jobs/ports.ts';

/** Records in memory; what is stored and what is given out are copies. */
export interface MemoryRecords extends JobRecords {
  readonly all: () => readonly JobRecord[];
  /** Stores a record as it is, whatever was there. */
  readonly seed: (record: JobRecord) => void;
  /** How often {@link JobRecords.replace} was called. */
  readonly replaced: () => number;
}

/** Makes an empty store that yields before it answers, so that parallel callers interleave. */
export function createMemoryRecords(): MemoryRecords {
  const stored = new Map<string, JobRecord>();
  const counters = createCounters();
  let replacements = 0;
  const copy = (record: JobRecord | undefined): JobRecord | undefined => structuredClone(record);
  return {
    all: () => [...stored.values()],
    seed: (record) => stored.set(record.id, structuredClone(record)),
    replaced: () => replacements,
    putIfAbsent: async (record) => {
      await yieldOnce();
      const existing = copy(stored.get(record.id));
      if (existing !== undefined) return { kind: 'exists', record: existing };
      const reached = counters.findReached(record);
      if (reached.length > 0) return { kind: 'limited', reached };
      counters.add(record);
      stored.set(record.id, structuredClone(record));
      return { kind: 'created' };
    },
    find: async (jobId) => {
      await yieldOnce();
      return copy(stored.get(jobId));
    },
    replace: async (record) => {
      await yieldOnce();
      replacements += 1;
      const before = stored.get(record.id);
      if (before?.version !== record.version - 1) return 'conflict';
      const returns = toReturned(record).length > 0;
      if (returns && before.holds.length === 0) return 'conflict';
      if (returns) counters.remove(record);
      const holds = isTerminal(record.state) ? [] : record.holds;
      stored.set(record.id, structuredClone({ ...record, holds }));
      return 'replaced';
    },
    findUsage: async (keys) => {
      await yieldOnce();
      return new Map(keys.map((key) => [key, counters.read(key)]));
    },
  };
}

interface Counters {
  readonly read: (key: string) => LimitUse;
  readonly findReached: (record: JobRecord) => readonly LimitUse[];
  readonly add: (record: JobRecord) => void;
  readonly remove: (record: JobRecord) => void;
}

/** Counters of limits: the jobs that hold one, and a number for the runs of a day. */
function createCounters(): Counters {
  const holders = new Map<string, readonly JobId[]>();
  const runs = new Map<string, number>();
  const read = (key: string): LimitUse => {
    const jobs = holders.get(key) ?? [];
    return { key, count: runs.get(key) ?? jobs.length, holders: jobs };
  };
  return {
    read,
    findReached: ({ holds }) =>
      holds.filter(({ key, most }) => read(key).count >= most).map(({ key }) => read(key)),
    add: ({ id, holds }) => {
      for (const { key, limit } of holds) {
        if (limit === 'runs-per-day') runs.set(key, (runs.get(key) ?? 0) + 1);
        else holders.set(key, [...(holders.get(key) ?? []), id]);
      }
    },
    remove: (record) => {
      for (const { key, limit } of toReturned(record)) {
        if (limit === 'runs-per-day') runs.set(key, (runs.get(key) ?? 0) - 1);
        else
          holders.set(
            key,
            (holders.get(key) ?? []).filter((job) => job !== record.id),
          );
      }
    },
  };
}

function yieldOnce(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
