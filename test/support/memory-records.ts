import { toDueRecord } from '../../shared/jobs/due.ts';
import { isTerminal, type JobId, type JobRecord } from '../../shared/jobs/job.ts';
import { toReturned } from '../../shared/jobs/limits.ts';
import type { DueRecord, LimitHolders, PageMark, SweepRecords } from '../../shared/jobs/ports.ts';
import { createMemoryCounters, type MemoryCounters } from './memory-counters.ts';

/** Records in memory; what is stored and what is given out are copies. */
export interface MemoryRecords extends SweepRecords {
  readonly all: () => readonly JobRecord[];
  /** Stores a record as it is, whatever was there. */
  readonly seed: (record: JobRecord) => void;
  /** Takes a record away, as a hand does: its counters stay as they are. */
  readonly remove: (jobId: JobId) => void;
  /** How often {@link SweepRecords.replace} was called. */
  readonly replaced: () => number;
  /** The counters, which tests damage. */
  readonly counters: MemoryCounters;
  /** Lists a record from now on as one whose entry cannot be read, as another version of Jobgate may have left it. */
  readonly garble: (jobId: JobId) => void;
  /** From now on what is listed is as it is now, however the records and counters change. */
  readonly holdIndex: () => void;
  /** What is listed is as the records and counters are. */
  readonly releaseIndex: () => void;
}

interface Index {
  readonly due: readonly DueRecord[];
  readonly counters: readonly LimitHolders[];
}

/** Makes an empty store that yields before it answers, so that parallel callers interleave; `pageEntries` on one page. */
export function createMemoryRecords({ pageEntries = 1_000 } = {}): MemoryRecords {
  const stored = new Map<string, JobRecord>();
  const counters = createMemoryCounters();
  const garbled = new Set<string>();
  let replacements = 0;
  let held: Index | undefined;
  const copy = (record: JobRecord | undefined): JobRecord | undefined => structuredClone(record);
  const listHeld = (jobId: string): readonly string[] => {
    const record = stored.get(jobId);
    return record === undefined || isTerminal(record.state)
      ? []
      : record.holds.map(({ key }) => key);
  };
  const readIndex = (): Index => ({
    due: [...stored.values()].flatMap((record) => toDueRecord(structuredClone(record)) ?? []),
    counters: counters.list(),
  });
  return {
    counters,
    all: () => [...stored.values()],
    seed: (record) => stored.set(record.id, structuredClone(record)),
    remove: (jobId) => stored.delete(jobId),
    replaced: () => replacements,
    garble: (jobId) => {
      garbled.add(jobId);
    },
    holdIndex: () => {
      held = readIndex();
    },
    releaseIndex: () => {
      held = undefined;
    },
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
      garbled.delete(record.id);
      const returns = toReturned(record).length > 0;
      if (returns && listHeld(record.id).length === 0) return 'conflict';
      if (returns) counters.remove(record);
      const holds = isTerminal(record.state) ? [] : record.holds;
      stored.set(record.id, structuredClone({ ...record, holds }));
      return 'replaced';
    },
    findUsage: async (keys) => {
      await yieldOnce();
      return new Map(keys.map((key) => [key, counters.read(key)]));
    },
    listDue: async (after) => {
      await yieldOnce();
      const { entries, next } = toPage((held ?? readIndex()).due, ({ id }) => id, {
        after,
        pageEntries,
      });
      const unread = entries.flatMap(({ id }) => (garbled.has(id) ? [id] : []));
      return { records: entries.filter(({ id }) => !garbled.has(id)), unread, next };
    },
    listCounters: async (after) => {
      await yieldOnce();
      const { entries, next } = toPage((held ?? readIndex()).counters, ({ key }) => key, {
        after,
        pageEntries,
      });
      return { counters: entries, next };
    },
    releaseHolder: async (key, holder) => {
      await yieldOnce();
      if (listHeld(holder).includes(key)) return false;
      counters.removeHolder(key, holder);
      return true;
    },
    restoreHolder: async (job, { limit, key }) => {
      await yieldOnce();
      if (limit === 'runs-per-day' || !listHeld(job).includes(key)) return false;
      counters.addHolder(key, job);
      return true;
    },
  };
}

/** The entries after a mark, in the order of their names; a full page has a next one, even if nothing is on it. */
function toPage<T>(
  all: readonly T[],
  nameOf: (entry: T) => string,
  { after, pageEntries }: { readonly after: PageMark; readonly pageEntries: number },
): { readonly entries: readonly T[]; readonly next: PageMark } {
  const later = all
    .filter((entry) => after === null || nameOf(entry) > after)
    .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const entries = later.slice(0, pageEntries);
  const last = entries.length < pageEntries ? undefined : entries.at(-1);
  return { entries, next: last === undefined ? null : nameOf(last) };
}

function yieldOnce(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
