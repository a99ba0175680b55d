import type { BrowsePorts } from '../browse.ts';
import type { JobId, JobRecord, JobState } from '../job.ts';
import type { JobEvents, SweepRecords, UpstreamJob } from '../ports.ts';

/** What the sweep needs from outside. */
export interface SweepPorts extends BrowsePorts {
  readonly records: SweepRecords;
  readonly events: JobEvents;
  readonly deployment: string;
  /** The names of the targets. */
  readonly targets: readonly string[];
  /** Names the account of a target that may cancel there. */
  readonly operatorOf: (target: string) => string;
  /** Lambda's id of the invocation, which joins audit records with the function's log. */
  readonly requestId: string;
  /** Told once per state of a job that was announced, after that was written down. */
  readonly onAnnounced: (record: JobRecord, states: readonly JobState[]) => void;
  /** Told what went wrong with one thing; the rest goes on. */
  readonly onTrouble: (trouble: SweepTrouble) => void;
}

/** Something that went wrong with a job, a target or a counter. */
export interface SweepTrouble {
  readonly doing: 'list' | 'look' | 'settle' | 'cap' | 'orphan' | 'count';
  readonly jobId?: JobId;
  readonly target?: string;
  readonly thrown: unknown;
}

/** What one sweep is to do, and until when. */
export interface SweepOrder {
  readonly deadline: Date;
  /** Whether counters are compared with records too, which need not be every minute. */
  readonly corrects: boolean;
}

/** What one sweep saw and did. */
export interface SweepSummary {
  /** Records that were due. */
  due: number;
  /** Of them those whose job is active, and those that are still on their way to Dataproc. */
  active: number;
  submitting: number;
  /** Jobs that the engine listed as active. */
  listed: number;
  /** Single looks at jobs. */
  looked: number;
  /** Records whose state was written anew. */
  updated: number;
  /** States that were announced. */
  announced: number;
  /** Jobs that were cancelled because they had had their time. */
  capped: number;
  /** Jobs of this deployment that are active though no living record knows them, and those of them that have none at all. */
  orphans: number;
  strangers: number;
  /** Targets that could not be listed, or not wholly. */
  unlisted: number;
  /** Places under limits that were given back, or taken again. */
  corrected: number;
  /** Things that went wrong, and things that there was no time for. */
  failed: number;
  unfinished: number;
}

/** One sweep under way. */
export interface SweepWork {
  readonly order: SweepOrder;
  readonly ports: SweepPorts;
  readonly summary: SweepSummary;
  /** Whether events or the audit took nothing at all: then nothing more is told in this sweep. */
  muted: boolean;
}

/** The active jobs of a target as one listing told them; `at` is the time before it began. */
export interface TargetListing {
  readonly at: Date;
  readonly jobs: ReadonlyMap<JobId, UpstreamJob>;
}

/** Milliseconds before the deadline after which nothing new is begun. */
const LAST_START_MS = 5_000;
/** Things that are done at a time. */
const AT_A_TIME = 8;

/**
 * Does something for each item, some at a time, until the deadline is near: what is left is counted as unfinished. What
 * goes wrong with one item, even by a mistake of ours, is told and counted, and leaves the others alone.
 */
export async function forEach<T>(
  items: readonly T[],
  sweep: SweepWork,
  {
    act,
    name,
  }: {
    readonly act: (item: T) => Promise<void>;
    readonly name: (item: T) => Omit<SweepTrouble, 'thrown'>;
  },
): Promise<void> {
  const { ports, summary } = sweep;
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) {
      if (isLate(sweep)) {
        summary.unfinished += 1;
        continue;
      }
      try {
        await act(item);
      } catch (thrown) {
        summary.failed += 1;
        ports.onTrouble({ ...name(item), thrown });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

/** Tells whether it is too late to begin anything. */
export function isLate({ order, ports }: SweepWork): boolean {
  return ports.now().getTime() >= order.deadline.getTime() - LAST_START_MS;
}
