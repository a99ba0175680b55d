import { isCappedByCost } from '../cost/estimate.ts';
import type { JobError, JobRecord } from './job.ts';

/** Why a job may run no longer: it had run for as long as it may, or for as long as its cost cap pays for. */
export type CapReason = 'max_runtime_reached' | 'max_cost_reached';

/** Which of them set a job's time. */
export function toCapReason({
  cost,
  maxRuntimeSeconds,
}: Pick<JobRecord, 'cost' | 'maxRuntimeSeconds'>): CapReason {
  const byCost = cost !== null && isCappedByCost(cost, maxRuntimeSeconds);
  return byCost ? 'max_cost_reached' : 'max_runtime_reached';
}

/** An engine knows the time that it gave a job, and its record what set that: the error under the right name. */
export function nameCap(error: JobError | null, record: JobRecord): JobError | null {
  if (error?.code !== ('max_runtime_reached' satisfies CapReason)) return error;
  return { ...error, code: toCapReason(record) };
}
