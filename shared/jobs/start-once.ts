import type { Problem } from '../problem.ts';
import type { JobRecord } from './job.ts';

/**
 * A batch or a job has our id, so that starting it again finds the first one. A workflow has none: its record is put, or
 * replaced, with `openStartAt` before Dataproc is asked, and whoever has written that may ask. What is known not to have
 * been started closes the start again; where nothing is known, the workflow is looked for, and is never started anew.
 */
export function startsOnce(record: Pick<JobRecord, 'target'>): boolean {
  return record.target.kind === 'workflow';
}

/** The record with a start open, to be written over the version before it by the one who then starts the job. */
export function claimStart(record: JobRecord, now: Date): JobRecord {
  const at = now.toISOString();
  return { ...record, version: record.version + 1, openStartAt: at, checkedAt: at };
}

/** The record after a start that is known to have come to nothing. */
export function closeStart(record: JobRecord): JobRecord {
  return { ...record, version: record.version + 1, openStartAt: null };
}

/**
 * Tells whether a problem leaves no doubt that the engine has not begun: it was not asked, or said that it cannot serve.
 * Before the next start the job is looked for all the same, since a 503 is a word and no proof.
 */
export function isUnstarted(problem: Problem): boolean {
  if (problem.code === 'upstream_unavailable' || problem.code === 'credentials_refused')
    return true;
  return problem.extras.upstream !== 'Dataproc';
}
