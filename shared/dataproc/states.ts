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

/** The same for jobs on a cluster and steps of workflows. Source: Dataproc REST reference, JobStatus.State. */
export const CLUSTER_JOB_STATES = {
  STATE_UNSPECIFIED: 'queued',
  PENDING: 'queued',
  SETUP_DONE: 'queued',
  RUNNING: 'running',
  CANCEL_PENDING: 'cancelling',
  CANCEL_STARTED: 'cancelling',
  CANCELLED: 'cancelled',
  DONE: 'succeeded',
  ERROR: 'failed',
  // Of restartable jobs, which Jobgate makes none: another attempt follows.
  ATTEMPT_FAILURE: 'running',
} as const satisfies Record<string, JobState>;

/** Substates in which a RUNNING job has no driver yet. Source: Dataproc REST reference, JobStatus.Substate. */
export const WAITING_SUBSTATES = {
  UNSPECIFIED: false,
  SUBMITTED: true,
  QUEUED: true,
  STALE_STATUS: false,
} as const satisfies Record<string, boolean>;

/** The same for workflows whose step has no job: its cluster is being made. Source: WorkflowMetadata.State. */
export const WORKFLOW_STATES = {
  UNKNOWN: 'queued',
  PENDING: 'queued',
  RUNNING: 'queued',
  DONE: 'succeeded',
} as const satisfies Record<string, JobState>;

/** Maps a batch state; undefined for a word that is not in the table. */
export function toJobState(value: unknown): JobState | undefined {
  return lookUp(BATCH_STATES, value);
}

/** Maps the state of a job on a cluster; undefined for a word that is not in the table. */
export function toClusterJobState(value: unknown, substate: unknown): JobState | undefined {
  const state = lookUp(CLUSTER_JOB_STATES, value);
  const waits = state === 'running' && lookUp(WAITING_SUBSTATES, substate) === true;
  return waits ? 'queued' : state;
}

/** Maps the state of a workflow whose step has no job; undefined for a word that is not in the table. */
export function toWorkflowState(value: unknown): JobState | undefined {
  return lookUp(WORKFLOW_STATES, value);
}

function lookUp<T>(table: Readonly<Record<string, T>>, value: unknown): T | undefined {
  return typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
}
