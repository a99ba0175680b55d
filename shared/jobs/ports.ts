import type { JobUsage } from '../cost/estimate.ts';
import type { RenderedProgram } from '../templates/render.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import type { HistoryEntry, JobError, JobId, JobRecord, JobState } from './job.ts';
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

/** What asking for a job's end led to: it will end, it had ended, or nobody knows it. */
export type CancelOutcome = 'requested' | 'ended' | 'unknown';

/**
 * The engine that runs jobs.
 * Its methods throw Problem `upstream_unavailable`, `upstream_timeout`, `upstream_error` (the outcome is not known)
 * `credentials_refused` (nothing was sent, and operators must act), or `upstream_refused` (it is known, and a retry does
 * not help).
 */
export interface JobGateway {
  submit(submission: Submission): Promise<SubmitOutcome>;
  /** Undefined when the engine knows no such job. */
  find(reference: JobReference): Promise<UpstreamJob | undefined>;
  /** Asks for the end of a job that {@link find} showed; asking again does no harm. */
  cancel(job: UpstreamJob, reference: JobReference): Promise<CancelOutcome>;
}

/** What putting a record led to; `limited` names every limit that admits no further job. */
export type PutOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'exists'; readonly record: JobRecord }
  | { readonly kind: 'limited'; readonly reached: readonly LimitUse[] };

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
