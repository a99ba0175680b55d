import { hash } from 'node:crypto';
import type { TargetKind } from '../config/targets.ts';
import type { JobCost, JobUsage } from '../cost/estimate.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import type { TemplateName } from '../templates/template.ts';
import { toBase32 } from './base32.ts';
import { canonicalize } from './canonical-json.ts';
import type { LimitHold } from './limit-hold.ts';

/** A job's id, `jg-` and 26 base32 characters; only {@link parseJobId} and {@link deriveJobId} make one. */
export type JobId = string & { readonly __brand: 'JobId' };

/** States a caller sees; closed within v1. */
export const JOB_STATES = [
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
] as const;

/** One of {@link JOB_STATES}. */
export type JobState = (typeof JOB_STATES)[number];

/** A record's state: `submitting` until Dataproc is known to hold the job. */
export type RecordState = JobState | 'submitting';

/** One step of a job's life. */
export interface HistoryEntry {
  readonly state: RecordState;
  readonly at: string;
}

/** Why a job failed, for the caller: no stack, no token. */
export interface JobError {
  /** What ended it: the program, Jobgate and what it stands on, or a rule that it was submitted under. */
  readonly class: 'user_code' | 'platform' | 'policy';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** The last lines that the driver printed; empty when it printed none or they could not be read. */
  readonly logTail: readonly string[];
}

/** Who submitted a job. */
export interface Submitter {
  readonly issuer: string;
  readonly subject: string;
  readonly client: string;
  readonly actor: string | null;
}

/** The job's item in DynamoDB: intent, record and read cache. Instants are RFC 3339 strings. */
export interface JobRecord {
  readonly id: JobId;
  readonly version: number;
  readonly state: RecordState;
  readonly reason: string | null;
  readonly waitReason: string | null;
  readonly template: TemplateName;
  readonly templateVersion: string;
  readonly templateDigest: string;
  readonly submittedBy: Submitter;
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly checkedAt: string;
  readonly history: readonly HistoryEntry[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly retryOf: JobId | null;
  /** SHA-256 of the RFC 8785 form of the body as sent, before defaults. */
  readonly fingerprint: string;
  readonly target: {
    readonly name: string;
    readonly kind: TargetKind;
    readonly project: string;
    readonly region: string;
  };
  readonly submitterAccount: string;
  /** Null where every job runs as its cluster's account. */
  readonly runtimeAccount: string | null;
  readonly maxRuntimeSeconds: number;
  /** What it may cost; null where there is no price. */
  readonly cost: JobCost | null;
  /** What it has used; null until Dataproc says so. */
  readonly usage: JobUsage | null;
  readonly outputUri: string;
  /** Prefix of the driver output objects; null until Dataproc names it. */
  readonly driverOutputUri: string | null;
  /** Dataproc's own name of what is to be cancelled, which also finds a workflow again; null until it is known. */
  readonly handle: string | null;
  /**
   * When the start was begun whose outcome is not known yet, of a job that must not be started twice; null when none is
   * open. Only a workflow has it: of batches and jobs the id itself keeps a second one away.
   */
  readonly openStartAt: string | null;
  readonly error: JobError | null;
  /** Why Dataproc was asked to end the job, noted before it was; null while nobody has. */
  readonly cancelReason: string | null;
  /** When Dataproc was first asked for the job and did not know it, since it was last seen there; null while it is known. */
  readonly missingSince: string | null;
  /** The limits that the job counts under until it has ended; empty from then on. */
  readonly holds: readonly LimitHold[];
  /** The states of its history that were announced as events. */
  readonly announced: readonly JobState[];
  /** Audit records of this job that the audit has not taken yet, or is not known to have. */
  readonly outbox: readonly AuditRecord[];
  /** Seconds since the epoch after which DynamoDB may drop the record; null while the job runs. */
  readonly expiresAtSeconds: number | null;
}

const JOB_ID = /^jg-[a-z2-7]{26}$/;

/** Checks a job id; undefined when it cannot be one. */
export function parseJobId(value: unknown): JobId | undefined {
  if (typeof value !== 'string' || !JOB_ID.test(value)) return undefined;
  return value as JobId;
}

/** What a job id is made from; an idempotency key is scoped to caller, who may act for somebody, and template. */
export interface JobIdentity {
  readonly deployment: string;
  readonly issuer: string;
  readonly subject: string;
  /** Who acts for the subject; null when the subject acts itself. */
  readonly actor: string | null;
  readonly template: string;
  readonly idempotencyKey: string;
}

/**
 * Derives the id: the first 128 bits of SHA-256 over the JCS array of the identity, in base32. The array has five members,
 * and a sixth for who acts for somebody. Source: docs/architecture.md.
 */
export function deriveJobId(identity: JobIdentity): JobId {
  const { deployment, issuer, subject, actor, template, idempotencyKey } = identity;
  const own = [deployment, issuer, subject, template, idempotencyKey];
  const text = canonicalize(actor === null ? own : [...own, actor]);
  const digest = hash('sha256', text, 'buffer').subarray(0, 16);
  return `jg-${toBase32(digest)}` as JobId;
}

/** Tells whether a state is final: nothing upstream can change it. */
export function isTerminal(state: RecordState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
