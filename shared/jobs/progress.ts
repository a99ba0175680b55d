import { nameCap, type CapReason } from './cap-reason.ts';
import { isTerminal, JOB_STATES, type HistoryEntry, type JobError, type JobRecord } from './job.ts';
import type { UpstreamJob } from './ports.ts';

/** Days that a record outlives its job. Source: docs/architecture.md. */
const RETENTION_DAYS = 90;

/** The record after Dataproc accepted the job: queued, nothing known yet but, of a workflow, its handle. */
export function takeUpstream(record: JobRecord, now: Date, handle: string | null): JobRecord {
  const at = now.toISOString();
  return {
    ...record,
    version: record.version + 1,
    state: 'queued',
    waitReason: 'provisioning',
    checkedAt: at,
    history: [...record.history, { state: 'queued', at }],
    handle,
    openStartAt: null,
  };
}

/**
 * The record after a look at Dataproc: its state, times, history and error. A job whose end was asked for is `cancelling`
 * until it has ended, whatever Dataproc still calls it, and its reason stays unless it ended otherwise.
 */
export function adoptUpstream(record: JobRecord, upstream: UpstreamJob, now: Date): JobRecord {
  const ended = isTerminal(upstream.state);
  const state = record.state === 'cancelling' && !ended ? 'cancelling' : upstream.state;
  const cancels = state === 'cancelling' || state === 'cancelled';
  const error = nameCap(upstream.error, record);
  return {
    ...record,
    version: record.version + 1,
    state,
    waitReason: state === 'queued' ? (upstream.waitReason ?? 'provisioning') : null,
    startedAt: upstream.startedAt ?? record.startedAt,
    endedAt: ended ? (upstream.endedAt ?? now.toISOString()) : null,
    checkedAt: now.toISOString(),
    history: mergeHistory(record.history, upstream, now),
    usage: upstream.usage ?? record.usage,
    driverOutputUri: upstream.driverOutputUri ?? record.driverOutputUri,
    handle: record.handle ?? upstream.handle,
    openStartAt: null,
    missingSince: null,
    error,
    reason: error?.code ?? (cancels ? (record.reason ?? record.cancelReason) : null),
    expiresAtSeconds: ended ? toExpiry(now) : null,
  };
}

/** The record of a job that never started, or that nobody can find any more. */
export function endRecord(record: JobRecord, error: JobError | null, now: Date): JobRecord {
  const at = now.toISOString();
  return {
    ...record,
    version: record.version + 1,
    state: 'failed',
    reason: error?.code ?? null,
    waitReason: null,
    endedAt: at,
    checkedAt: at,
    history: [...record.history, { state: 'failed', at }],
    error,
    expiresAtSeconds: toExpiry(now),
  };
}

/** Why a job is being cancelled, or was: its caller, or an administrator, asked for it; or a cap that it has reached. */
export type CancelReason = 'cancel_requested' | CapReason;

/** The record after Dataproc was asked to end the job; the first reason stays. */
export function markCancelling(record: JobRecord, reason: CancelReason, now: Date): JobRecord {
  const at = now.toISOString();
  const known = record.history.some(({ state }) => state === 'cancelling');
  return {
    ...record,
    version: record.version + 1,
    state: 'cancelling',
    reason: record.reason ?? record.cancelReason ?? reason,
    waitReason: null,
    checkedAt: at,
    history: known ? record.history : [...record.history, { state: 'cancelling', at }],
  };
}

/** The record of a job that was cancelled before Dataproc knew of it. */
export function cancelUnstarted(record: JobRecord, now: Date): JobRecord {
  const at = now.toISOString();
  return {
    ...record,
    version: record.version + 1,
    state: 'cancelled',
    reason: 'cancel_requested' satisfies CancelReason,
    waitReason: null,
    endedAt: at,
    checkedAt: at,
    history: [...record.history, { state: 'cancelled', at }],
    expiresAtSeconds: toExpiry(now),
  };
}

/** Milliseconds for which a job must be missing, or on its way, before it counts as lost. */
const LOST_AFTER_MS = 15 * 60_000;

/**
 * A record whose job Dataproc does not know: one look may err, or a retry be under way, and so a job that had been seen
 * is noted as missing first. It is lost for good when it has not turned up for a quarter of an hour.
 */
export function endIfLost(record: JobRecord, now: Date): JobRecord {
  const since = record.state === 'submitting' ? record.checkedAt : record.missingSince;
  if (since === null) {
    return { ...record, version: record.version + 1, missingSince: now.toISOString() };
  }
  if (now.getTime() - Date.parse(since) < LOST_AFTER_MS) return record;
  return endRecord(record, { class: 'platform', ...toLoss(record), logTail: [] }, now);
}

function toLoss(record: JobRecord): Pick<JobError, 'code' | 'message' | 'retryable'> {
  if (record.openStartAt !== null) {
    const message =
      'Whether Dataproc has started the job could not be learnt. Look for it there before you submit it again.';
    return { code: 'unknown_outcome', message, retryable: false };
  }
  const message =
    record.state === 'submitting'
      ? 'The job never reached Dataproc.'
      : 'Dataproc no longer knows this job; somebody deleted it there.';
  return { code: 'job_lost', message, retryable: true };
}

/** Each state once, in the order in which it was entered, with Dataproc's own times where it has them. */
function mergeHistory(
  known: readonly HistoryEntry[],
  upstream: UpstreamJob,
  now: Date,
): readonly HistoryEntry[] {
  const merged = new Map(known.map((entry) => [entry.state, entry]));
  for (const entry of upstream.history) {
    if (!merged.has(entry.state)) merged.set(entry.state, entry);
  }
  if (!merged.has(upstream.state)) {
    merged.set(upstream.state, { state: upstream.state, at: now.toISOString() });
  }
  return [...merged.values()].sort((one, other) => toRank(one) - toRank(other));
}

/** Dataproc may tell later that a job ran before its end was asked for. */
function toRank({ state }: HistoryEntry): number {
  return JOB_STATES.findIndex((each) => each === state);
}

function toExpiry(now: Date): number {
  return Math.floor(now.getTime() / 1000) + RETENTION_DAYS * 24 * 3600;
}
