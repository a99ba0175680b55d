import { cancelJob } from '../cancel.ts';
import { toCapReason } from '../cap-reason.ts';
import type { JobRecord } from '../job.ts';
import type { DueRecord } from '../ports.ts';
import { toSweepRecord } from '../unasked.ts';
import type { SweepWork } from './work.ts';

/**
 * Milliseconds that a job may have beyond its time before the sweep ends it. Batches and workflows are ended by Dataproc
 * itself at their time, by its own clock: the sweep stands behind that. A job on a cluster is ended by nobody else.
 */
const GRACE_MS = 30_000;

/** Tells whether a job has run for longer than it may. */
export function isOverdue(
  job: Pick<JobRecord | DueRecord, 'state' | 'startedAt' | 'maxRuntimeSeconds'>,
  now: Date,
): boolean {
  const running = job.state === 'running' || job.state === 'queued';
  if (job.startedAt === null || !running) return false;
  const ranMs = now.getTime() - Date.parse(job.startedAt);
  return ranMs > job.maxRuntimeSeconds * 1000 + GRACE_MS;
}

/** Asks for the end of a job that has had its time; the record says which cap it was. */
export async function enforceCap(record: JobRecord, work: SweepWork): Promise<JobRecord> {
  const { order, ports, summary } = work;
  const reason = toCapReason(record);
  const rule = reason === 'max_cost_reached' ? 'max-cost' : 'max-runtime';
  const decision = toSweepRecord({ rule, jobId: record.id, record }, ports);
  const request = { decision, reason, deadline: order.deadline };
  const kept = await cancelJob(record, request, ports);
  summary.capped += 1;
  return kept;
}
