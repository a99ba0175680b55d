import { isTerminal, type HistoryEntry, type JobError, type JobRecord } from './job.ts';
import type { UpstreamJob } from './ports.ts';

/** Days that a record outlives its job. Source: docs/architecture.md. */
const RETENTION_DAYS = 90;

/** The record after Dataproc accepted the job: queued, nothing known yet. */
export function takeUpstream(record: JobRecord, now: Date): JobRecord {
  const at = now.toISOString();
  return {
    ...record,
    version: record.version + 1,
    state: 'queued',
    waitReason: 'provisioning',
    checkedAt: at,
    history: [...record.history, { state: 'queued', at }],
  };
}

/** The record after a look at Dataproc: its state, times, history and error. */
export function adoptUpstream(record: JobRecord, upstream: UpstreamJob, now: Date): JobRecord {
  const ended = isTerminal(upstream.state);
  return {
    ...record,
    version: record.version + 1,
    state: upstream.state,
    waitReason: upstream.state === 'queued' ? (upstream.waitReason ?? 'provisioning') : null,
    startedAt: upstream.startedAt ?? record.startedAt,
    endedAt: ended ? (upstream.endedAt ?? now.toISOString()) : null,
    checkedAt: now.toISOString(),
    history: mergeHistory(record.history, upstream, now),
    usage: upstream.usage ?? record.usage,
    driverOutputUri: upstream.driverOutputUri ?? record.driverOutputUri,
    error: upstream.error,
    reason: upstream.error?.code ?? null,
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
  return [...merged.values()];
}

function toExpiry(now: Date): number {
  return Math.floor(now.getTime() / 1000) + RETENTION_DAYS * 24 * 3600;
}
