import type { JobId } from '../../shared/jobs/job.ts';
import type { MemoryRecords } from './memory-records.ts';

/** What a hand can do to a store behind Jobgate's back. */
export interface Hands {
  /** Takes a record away; the counters stay as they are. */
  readonly removeRecord: (jobId: JobId) => Promise<void>;
  /** Sets who counts under a limit of jobs at a time; for nobody, the counter goes. */
  readonly setHolders: (key: string, ids: readonly string[]) => Promise<void>;
  /** Sets the runs of a day; for undefined, the counter goes. */
  readonly setRuns: (key: string, count: number | undefined) => Promise<void>;
}

/** Hands on a store in memory. */
export function createMemoryHands({ remove, counters }: MemoryRecords): Hands {
  return {
    removeRecord: (jobId) => {
      remove(jobId);
      return Promise.resolve();
    },
    setHolders: (key, ids) => {
      counters.setHolders(key, ids);
      return Promise.resolve();
    },
    setRuns: (key, count) => {
      counters.setRuns(key, count);
      return Promise.resolve();
    },
  };
}
