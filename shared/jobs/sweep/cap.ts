import { isSpent } from '../../cost/estimate.ts';
import { cancelJob } from '../cancel.ts';
import type { CapReason } from '../cap-reason.ts';
import type { JobRecord } from '../job.ts';
import type { DueRecord, UpstreamJob } from '../ports.ts';
import { REPEATED_RULE } from '../outbox.ts';
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

/** Seconds that pass before the next sweep has seen to a job that this one leaves alone. */
const UNTIL_NEXT_SECONDS = 120;

/** Tells whether a job takes up more than its cost was reckoned with: a program may ask for more than its batch did. */
export function isOversized({ size }: UpstreamJob, mostMilliDcu: number | null): boolean {
  return size !== undefined && mostMilliDcu !== null && size.milliDcu > mostMilliDcu;
}

/**
 * Tells whether a job that takes up more than it may is about to cost more than it may. What it took up before is not known,
 * and counts as much; a job that keeps to its size is ended by its time alone.
 */
export function isOverspending(record: JobRecord, upstream: UpstreamJob, now: Date): boolean {
  const { cost, startedAt, state } = record;
  const { size } = upstream;
  if (cost === null || startedAt === null || size === undefined || state !== 'running')
    return false;
  if (!isOversized(upstream, cost.basis.most.milliDcu)) return false;
  const seconds = (now.getTime() - Date.parse(startedAt)) / 1000 + UNTIL_NEXT_SECONDS;
  return isSpent(cost, size, seconds);
}

/** Milliseconds after which a cancellation that shows no effect is asked for again, by each sweep from then on. */
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
  const decision = toSweepRecord({ rule: REPEATED_RULE, jobId: record.id, record }, ports);
  const request = { decision, reason: 'cancel_requested', deadline: order.deadline } as const;
  return cancelJob(record, request, ports);
}

/** Asks for the end of a job that has reached a cap; the record says which. */
export async function enforceCap(
  record: JobRecord,
  reason: CapReason,
  work: SweepWork,
): Promise<JobRecord> {
  const { order, ports, summary } = work;
  const rule = reason === 'max_cost_reached' ? 'max-cost' : 'max-runtime';
  const decision = toSweepRecord({ rule, jobId: record.id, record }, ports);
  const request = { decision, reason, deadline: order.deadline };
  const kept = await cancelJob(record, request, ports);
  summary.capped += 1;
  return kept;
}
