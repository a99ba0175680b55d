import type { WorkflowTarget } from '../config/targets.ts';
import { parseJobId } from '../jobs/job.ts';
import type { ActiveListing, ActiveQuery, UpstreamJob } from '../jobs/ports.ts';
import { readMember, readName, readText, type Members } from './answer.ts';
import { parseJob } from './job.ts';
import { ACTIVE, JOB_FIELDS } from './jobs.ts';
import { pickActive, toFilter, type ListPages, type Pages } from './listing.ts';
import { JOB_LABEL, parseWorkflow, readWorkflowJob } from './workflow.ts';

/**
 * Lists workflows that have not ended, from two lists: of their operations, and of their steps' jobs. A workflow whose job
 * is active has that job's state. One without a job is `queued`; its labels are those that were asked for, since an
 * operation shows none. One whose job has ended, while its cluster goes, is left to `find`, and so is one whose operation
 * Dataproc still calls PENDING, which a filter on ACTIVE may leave out.
 */
export async function listActiveWorkflows(
  listPages: ListPages,
  query: ActiveQuery,
  target: WorkflowTarget,
): Promise<ActiveListing> {
  const region = `projects/${target.project}/regions/${target.region}`;
  const filter = toFilter([ACTIVE], { ...query.labels, [JOB_LABEL]: '*' });
  const list = (member: string, fields: string): Promise<Pages> =>
    listPages(target, { path: `${region}/${member}`, query: { filter, fields }, member }, query);
  const [operations, jobs] = await Promise.all([
    list('operations', OPERATION_FIELDS),
    list('jobs', JOB_FIELDS),
  ]);
  const active = jobs.entries.flatMap((job) => parseStepJob(job, `${region}/jobs`) ?? []);
  const byId = new Map(active.map((job) => [job.jobId, job]));
  const workflows = operations.entries.map((each) => parseListed(each, byId, query));
  return {
    jobs: pickActive([...workflows, ...active], query.labels),
    complete: operations.complete && jobs.complete,
  };
}

/** What is asked of listed operations. Source: https://cloud.google.com/apis/docs/system-parameters */
const OPERATION_FIELDS = 'operations(name,done,error,metadata),nextPageToken';

/** The job of a workflow's step, which its label names. */
function parseStepJob(job: Members, path: string): UpstreamJob | undefined {
  const jobId = parseJobId(readMember(job.get('labels'), JOB_LABEL));
  const stepJobId = readText(readMember(job.get('reference'), 'jobId')) ?? '';
  const name = readName(`${path}/${stepJobId}`);
  return jobId === undefined || name === null ? undefined : parseJob(jobId, job, name);
}

function parseListed(
  operation: Members,
  active: ReadonlyMap<string, UpstreamJob>,
  query: ActiveQuery,
): UpstreamJob | undefined {
  const jobId = readWorkflowJob(operation);
  const workflow = jobId && parseWorkflow(jobId, operation, query.labels);
  if (workflow === undefined) return undefined;
  const { stepJobId, upstream } = workflow;
  const job = active.get(upstream.jobId);
  if (job !== undefined) return { ...job, handle: upstream.handle };
  return stepJobId === null ? upstream : undefined;
}
