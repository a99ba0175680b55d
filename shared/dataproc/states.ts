import type { JobState } from '../jobs/job.ts';

/** Dataproc's batch states in Jobgate's words: the one table. Source: Dataproc REST reference, Batch.State. */
export const BATCH_STATES = {
  STATE_UNSPECIFIED: 'queued',
  PENDING: 'queued',
  RUNNING: 'running',
  CANCELLING: 'cancelling',
  CANCELLED: 'cancelled',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
} as const satisfies Record<string, JobState>;

/** Maps a batch state; undefined for a word that is not in the table. */
export function toJobState(value: unknown): JobState | undefined {
  if (typeof value !== 'string' || !Object.hasOwn(BATCH_STATES, value)) return undefined;
  return BATCH_STATES[value as keyof typeof BATCH_STATES];
}
