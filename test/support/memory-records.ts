import type { JobRecord } from '../../shared/jobs/job.ts';
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
      if (stored.get(record.id)?.version !== record.version - 1) return 'conflict';
      stored.set(record.id, structuredClone(record));
      return 'replaced';
    },
  };
}

function yieldOnce(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
