import { cancelJob } from '../cancel.ts';
import { toCapReason } from '../cap-reason.ts';
import type { JobRecord } from '../job.ts';
import type { DueRecord, UpstreamJob } from '../ports.ts';
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

/** Milliseconds after which a cancellation that shows no effect is asked for again. */
const UNHEARD_MS = 5 * 60_000;

/** Tells whether a job is to be cancelled, and its engine does not say that it is. */
export function contradicts(record: Pick<DueRecord, 'state'>, upstream: UpstreamJob): boolean {
  return record.state === 'cancelling' && upstream.state !== 'cancelling';
}

/** Tells whether a job was to be cancelled a while ago. */
export function isUnheard({ history, checkedAt }: JobRecord, now: Date): boolean {
  const asked = history.find(({ state }) => state === 'cancelling')?.at ?? checkedAt;
  return now.getTime() - Date.parse(asked) >= UNHEARD_MS;
}

/** Asks once more for the end of a job that was to be cancelled. */
export function repeatCancel(record: JobRecord, { order, ports }: SweepWork): Promise<JobRecord> {
  const decision = toSweepRecord({ rule: 'cancel-again', jobId: record.id, record }, ports);
  const request = { decision, reason: 'cancel_requested', deadline: order.deadline } as const;
  return cancelJob(record, request, ports);
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
