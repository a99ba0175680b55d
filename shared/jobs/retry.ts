import { Problem } from '../problem.ts';
import { decideSee } from '../policy/decision.ts';
import { findJob, type BrowseRequest } from './browse.ts';
import { isTerminal, type JobRecord } from './job.ts';
import type { JobRecords } from './ports.ts';

/**
 * Finds the ended job that a caller wants to run again: their own, or any with `jobs:admin`.
 * @throws Problem `job_not_found` for an unknown job and for somebody else's alike; `job_not_finished`;
 * `validation_failed` for a job of another template.
 */
export async function findRetried(
  request: BrowseRequest,
  template: string,
  records: JobRecords,
): Promise<JobRecord> {
  const { record } = await findJob(request, records, (job) => decideSee(request.caller, job));
  if (!isTerminal(record.state)) {
    const detail = 'The job of retryOf has not ended: wait for it, or cancel it first.';
    throw new Problem('job_not_finished', detail, { job: record.id, retryAfter: 2 });
  }
  if (record.template === template) return record;
  const message = `must be a job of ${template}: this one is of ${record.template}`;
  throw new Problem(
    'validation_failed',
    'Another template’s job cannot be run again by this one.',
    {
      errors: [{ pointer: '/retryOf', message }],
    },
  );
}
