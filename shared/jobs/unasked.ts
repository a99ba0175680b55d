import { toAuditRecord, type AuditRecord } from '../policy/audit-record.ts';
import { toAudited } from './browse.ts';
import type { JobId, JobRecord } from './job.ts';
import { REPEATED_RULE } from './outbox.ts';
import type { JobEvent } from './ports.ts';

/** The sweep in which something happened, to the audit. */
export interface AuditedSweep {
  /** Lambda's id of the invocation; joins the record with the function's log. */
  readonly requestId: string;
  readonly now: () => Date;
}

/**
 * The audit's record of a state that a job came to, which nobody asked for: its time is the state's, its caller the job's
 * submitter, its id the event's, so that one written twice counts once.
 */
export function toEventRecord(event: JobEvent, requestId: string): AuditRecord {
  const { id, state, at, record } = event;
  const reason = record.state === state ? record.reason : null;
  return toAuditRecord(
    {
      ...NO_REQUEST,
      action: `job.${state}`,
      requestId,
      correlationId: record.correlationId,
      caller: { ...record.submittedBy, tokenId: null },
    },
    {
      decision: 'event',
      rule: 'observed',
      ...toAudited(record),
      ...(reason === null ? {} : { code: reason }),
    },
    { id, at: new Date(at) },
  );
}

/**
 * Rules under which Jobgate itself ends a job: its time or its money is used up, its record has ended, or it was to be
 * cancelled and is not.
 */
export type SweepRule = 'max-runtime' | 'max-cost' | 'orphan' | typeof REPEATED_RULE;

/** A job that Jobgate ends by itself. */
export interface EndedBySweep {
  readonly rule: SweepRule;
  readonly jobId: JobId;
  readonly record?: JobRecord;
}

/**
 * The audit's record that Jobgate itself asks for a job's end; nobody calls. The same end has the same id; each time that
 * a cancellation is repeated has one of its own, which ends in the sweep's.
 */
export function toSweepRecord(ended: EndedBySweep, sweep: AuditedSweep): AuditRecord {
  const { rule, jobId, record } = ended;
  const { requestId, now } = sweep;
  const act = rule === REPEATED_RULE ? `${rule}:${requestId}` : rule;
  return toAuditRecord(
    {
      ...NO_REQUEST,
      action: 'sweep-jobs',
      requestId,
      correlationId: record?.correlationId ?? requestId,
      caller: undefined,
    },
    { decision: 'allow', rule, ...(record === undefined ? { jobId } : toAudited(record)) },
    { id: `${jobId}:${act}`, at: now() },
  );
}

const NO_REQUEST = {
  extendedRequestId: null,
  sourceIp: null,
  httpMethod: null,
  resourcePath: null,
} as const;
