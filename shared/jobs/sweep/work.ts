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

/** Something to do with a job, a target or a counter; `cap` is to end a job that has had its time, or was to be cancelled. */
export interface SweepTask {
  readonly doing: 'list' | 'look' | 'settle' | 'cap' | 'orphan' | 'count';
  readonly jobId?: JobId;
  readonly target?: string;
}

/** Something that went wrong. */
export interface SweepTrouble extends SweepTask {
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
  /** Of the counters what failed, or was left; null when this sweep compared none. */
  uncorrected: number | null;
  /** Things that went wrong, and things that were left to the next sweep. */
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

/** The sweep with another deadline, for a part of its work. */
export function endBy(work: SweepWork, deadline: Date): SweepWork {
  return { ...work, order: { ...work.order, deadline } };
}

/** Milliseconds before the deadline after which nothing new is begun. */
const LAST_START_MS = 5_000;
/** Things of one lane that are done at a time. */
const AT_A_TIME = 8;

/** What is done for each of many things. */
export interface EachOf<T> {
  readonly act: (item: T) => Promise<void>;
  readonly name: (item: T) => SweepTask;
  /** Items of one lane wait for each other, and for no others; without it all are in one. */
  readonly lane?: (item: T) => string;
}

/**
 * Does something for each item, some at a time, until the deadline is near: what is left is counted as unfinished. What
 * goes wrong with one item leaves the others alone.
 */
export async function forEach<T>(
  items: readonly T[],
  sweep: SweepWork,
  { act, name, lane = () => '' }: EachOf<T>,
): Promise<void> {
  const workOff = async (queue: Iterable<T>): Promise<void> => {
    for (const item of queue) {
      if (isLate(sweep)) sweep.summary.unfinished += 1;
      else await attempt(() => act(item), name(item), sweep);
    }
  };
  const lanes = Map.groupBy(items, lane).values();
  const workers = [...lanes].flatMap((own) => {
    const queue = own.values();
    return Array.from({ length: AT_A_TIME }, () => workOff(queue));
  });
  await Promise.all(workers);
}

/** Does one thing; undefined when it goes wrong, even by a mistake of ours, which is told and counted. */
export async function attempt<T>(
  act: () => Promise<T>,
  task: SweepTask,
  { ports, summary }: SweepWork,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (thrown) {
    summary.failed += 1;
    ports.onTrouble({ ...task, thrown });
    return undefined;
  }
}

/** Tells whether it is too late to begin anything. */
export function isLate({ order, ports }: SweepWork): boolean {
  return ports.now().getTime() >= order.deadline.getTime() - LAST_START_MS;
}
