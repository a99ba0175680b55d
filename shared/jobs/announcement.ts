import type { JobRecord, JobState } from './job.ts';

/** The states of a job's history that are still to be announced, in their order. */
export function listUnannounced(record: JobRecord): readonly JobState[] {
  const { history, announced } = record;
  return history.flatMap(({ state }): readonly JobState[] =>
    state === 'submitting' || announced.includes(state) ? [] : [state],
  );
}
