import type { JobUsage } from '../cost/estimate.ts';
import type { BatchSize } from '../cost/size.ts';
import type { RenderedProgram } from '../templates/render.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import type { HistoryEntry, JobError, JobId, JobRecord, JobState, RecordState } from './job.ts';
import type { LimitHold } from './limit-hold.ts';
import type { LimitUse } from './limits.ts';

/** What is sent upstream for one job. */
export interface Submission {
  readonly jobId: JobId;
  readonly program: RenderedProgram;
  readonly target: string;
  readonly submitterAccount: string;
  /** Null where every job runs as its cluster's account. */
  readonly runtimeAccount: string | null;
  readonly maxRuntimeSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly deadline: Date;
}

/** A job as its engine sees it, in Jobgate's words. */
export interface UpstreamJob {
  readonly jobId: JobId;
  readonly state: JobState;
  readonly waitReason: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly history: readonly HistoryEntry[];
  readonly labels: Readonly<Record<string, string>>;
  readonly driverOutputUri: string | null;
  readonly error: JobError | null;
  /** The engine's own name of what is to be cancelled; null when it gave none. */
  readonly handle: string | null;
  /** What it has used; absent where the engine does not say. */
  readonly usage?: JobUsage;
  /** What it takes up at present; absent where the engine does not say. */
  readonly size?: BatchSize;
}

/**
 * What submitting led to: a new job, or the id was taken (by whom, its labels tell). The handle is there where the job's
 * id alone does not find it again.
 */
export type SubmitOutcome =
  { readonly kind: 'accepted'; readonly handle?: string } | { readonly kind: 'exists' };

/** Which job to look at, and until when an answer is of use. */
export interface JobReference {
  readonly jobId: JobId;
  readonly target: string;
  readonly account: string;
  readonly deadline: Date;
  /** The handle that an earlier answer gave; without one a workflow is searched for by its labels. */
  readonly handle?: string | null;
  /** Labels that a searched job must have. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whose jobs are listed: those of a target that carry every label, as the account that reads there. */
export interface ActiveQuery {
  readonly target: string;
  readonly account: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly deadline: Date;
}

/** Jobs that have not ended; not `complete` when there are more than the bound on one listing. */
export interface ActiveListing {
  readonly jobs: readonly UpstreamJob[];
  readonly complete: boolean;
}

/** What asking for a job's end led to: it will end, it had ended, or nobody knows it. */
export type CancelOutcome = 'requested' | 'ended' | 'unknown';

/**
 * The engine that runs jobs.
 * Its methods throw Problem `upstream_unavailable`, `upstream_timeout`, `upstream_error` (the outcome is not known)
 * `credentials_refused` (nothing was sent, and operators must act), or `upstream_refused` (it is known, and a retry does
 * not help).
 */
export interface JobGateway {
  /** Gets ready, beside other work, to act as an account; what fails is told by the call that needs it. */
  prepare(way: Pick<JobReference, 'target' | 'account' | 'deadline'>): void;
  submit(submission: Submission): Promise<SubmitOutcome>;
  /** Undefined when the engine knows no such job. */
  find(reference: JobReference): Promise<UpstreamJob | undefined>;
  /** Lists jobs that have not ended. A list may lag behind: who is not on it may still be found, and have not ended. */
  listActive(query: ActiveQuery): Promise<ActiveListing>;
  /** Asks for the end of a job that {@link find} showed; asking again does no harm. */
  cancel(job: UpstreamJob, reference: JobReference): Promise<CancelOutcome>;
}

/** What putting a record led to; `limited` names every limit that admits no further job. */
export type PutOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'exists'; readonly record: JobRecord }
  | { readonly kind: 'limited'; readonly reached: readonly LimitUse[] };

/** Where the next page begins, as the page before told it; null at the start and after the last one. */
export type PageMark = string | null;

/** What the sweep has to know of a record to tell whether it has anything to do with it; as it was a moment ago. */
export interface DueRecord {
  readonly id: JobId;
  readonly state: RecordState;
  readonly waitReason: string | null;
  /** The target's name. */
  readonly target: string;
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly checkedAt: string;
  readonly maxRuntimeSeconds: number;
  /** The size, in thousandths of a DCU, that its cost was reckoned with at most; null where it has no price. */
  readonly mostMilliDcu: number | null;
  /** Since when Dataproc is not known to know the job; null while it is. */
  readonly missingSince: string | null;
  /** The limits that it counts under, as the record has them; empty once it has ended. */
  readonly holds: readonly LimitHold[];
  /** Whether states of its history are still to be announced. */
  readonly unannounced: boolean;
  /** Whether audit records are still to be delivered. */
  readonly undelivered: boolean;
}

/** A page of the records that are due: those that have not ended, or have something left to announce or to deliver. */
export interface DuePage {
  readonly records: readonly DueRecord[];
  /** Records that are due of which only {@link JobRecords.find} can tell more: another version has listed them. */
  readonly unread: readonly JobId[];
  readonly next: PageMark;
}

/** Who counts under a limit of jobs at a time: the ids as they stand there, though no job may ever have had them. */
export interface LimitHolders {
  readonly key: string;
  readonly holders: readonly string[];
}

/** A page of the counters of jobs at a time. */
export interface CounterPage {
  readonly counters: readonly LimitHolders[];
  readonly next: PageMark;
}

/**
 * The store of job records and of the counters of the run limits, which change together or not at all. Throws Problem
 * `upstream_unavailable` or `upstream_timeout` when it cannot be reached.
 */
export interface JobRecords {
  /** Puts a record and counts it under each limit that it holds; a record that is there comes before a limit. */
  putIfAbsent(record: JobRecord, deadline: Date): Promise<PutOutcome>;
  find(jobId: JobId, deadline: Date): Promise<JobRecord | undefined>;
  /**
   * Writes `record` over the version before it; `conflict` when another writer was first. The write that ends a job takes
   * it off its limits, once: what is stored holds none.
   */
  replace(record: JobRecord, deadline: Date): Promise<'replaced' | 'conflict'>;
  /** How much is used of each limit that `keys` name, at most 100; a counter that is not there counts nothing. */
  findUsage(keys: readonly string[], deadline: Date): Promise<ReadonlyMap<string, LimitUse>>;
}

/** What the sweep asks of the store beside: no request of a caller needs it. Throws as {@link JobRecords} does. */
export interface SweepRecords extends JobRecords {
  /** Lists the records that are due, a page at a time; a record that was written within the last second may be missing. */
  listDue(after: PageMark, deadline: Date): Promise<DuePage>;
  /** Lists the counters of jobs at a time, a page at a time, as {@link listDue} does; those that count nothing are left out. */
  listCounters(after: PageMark, deadline: Date): Promise<CounterPage>;
  /** Takes a holder off a counter unless it is a job whose record holds that limit: then false, and nothing changes. */
  releaseHolder(key: string, holder: string, deadline: Date): Promise<boolean>;
  /**
   * Counts a job under a limit of jobs at a time, whatever the limit admits: false, and nothing changes, when its record
   * does not hold that limit, or no longer.
   */
  restoreHolder(job: JobId, hold: LimitHold, deadline: Date): Promise<boolean>;
}

/** What is told to whoever listens: a job has come to a state. An event that is told twice has the same id. */
export interface JobEvent {
  /** `<job>:<state>`. */
  readonly id: string;
  readonly state: JobState;
  readonly at: string;
  readonly record: JobRecord;
}

/** Tells events to whoever listens. Gives those that were not taken; throws Problem `upstream_unavailable` for all. */
export interface JobEvents {
  publish(events: readonly JobEvent[], deadline: Date): Promise<readonly JobEvent[]>;
}

/** Which records are looked for: of one job, within a time, from a mark on that an earlier answer gave. */
export interface AuditQuery {
  readonly job: JobId;
  readonly fromMs: number;
  readonly toMs: number;
  readonly token: string | null;
}

/** Records as the audit holds them, oldest first, perhaps some twice; `token` is null when there are no more. */
export interface AuditAnswer {
  readonly records: readonly AuditRecord[];
  readonly token: string | null;
}

/** Reads the audit. Throws Problem `upstream_unavailable`; `invalid_request` for a mark that it does not know. */
export interface AuditReader {
  read(query: AuditQuery, deadline: Date): Promise<AuditAnswer>;
}

/** One object in storage. */
export interface StoredObject {
  /** `gs://bucket/name`. */
  readonly uri: string;
  readonly bytes: number;
  readonly contentType: string;
  /** Base64 MD5; null for composed objects. Source: Cloud Storage objects resource. */
  readonly md5: string | null;
  readonly updatedAt: string;
}

/** Whose eyes storage is read with, and until when. */
export interface StorageAccess {
  readonly account: string;
  readonly deadline: Date;
}

/** A bounded listing; `truncated` when there are more objects than the bound. */
export interface ObjectListing {
  readonly objects: readonly StoredObject[];
  readonly truncated: boolean;
}

/** The object store that holds driver output and results. Throws upstream problems as {@link JobGateway} does. */
export interface JobStorage {
  /** Objects whose URI begins with `prefixUri`, in order of name. */
  list(prefixUri: string, access: StorageAccess): Promise<ObjectListing>;
  /** One object's metadata; undefined when there is none. */
  find(uri: string, access: StorageAccess): Promise<StoredObject | undefined>;
  /** Bytes `start` to `end` (exclusive) of an object. */
  readRange(
    uri: string,
    range: { readonly start: number; readonly end: number },
    access: StorageAccess,
  ): Promise<Uint8Array>;
  /** A link that reads one object for `lifetimeSeconds` (1 to 300). */
  signReadUrl(uri: string, lifetimeSeconds: number, access: StorageAccess): Promise<string>;
  /** A link that writes one object, if every header is sent with it as it is. */
  signWriteUrl(uri: string, write: SignedWrite): Promise<string>;
}

/** What a link to write an object is good for. */
export interface SignedWrite {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** 1 to 300. */
  readonly lifetimeSeconds: number;
  readonly access: StorageAccess;
}
