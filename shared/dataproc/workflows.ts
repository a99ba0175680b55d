import type { WorkflowTarget } from '../config/targets.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import type { JobReference, UpstreamJob } from '../jobs/ports.ts';
import { parseJsonObject } from '../transport.ts';
import { listActiveWorkflows } from './active-workflows.ts';
import { readMember, readName, readText, type Members } from './answer.ts';
import { toRefusal, unknownState, type DataprocCall } from './calls.ts';
import { parseJob } from './job.ts';
import { listMembers, toFilter, type ListPages } from './listing.ts';
import { requireRuntimeAccount, type Way } from './way.ts';
import { explainStepJob, isWorkflowOf, JOB_LABEL, parseWorkflow, toWorkflow } from './workflow.ts';

/**
 * Makes the way to workflows, instantiated inline. Here every attempt has the same request id: it keeps a second instance
 * from running beside the first, and does no more, so that a workflow must not be started again without knowing what
 * became of it. A workflow is known by its operation or, when that name was lost, by the label on its operations and job.
 */
export function createWorkflows(call: DataprocCall, listPages: ListPages): Way<WorkflowTarget> {
  return {
    submit: async (submission, target) => {
      const { managedCluster, stagingBucket, project } = target;
      const runtimeAccountEmail = toAccountEmail(requireRuntimeAccount(submission), project);
      const body = toWorkflow(submission, { managedCluster, stagingBucket, runtimeAccountEmail });
      const response = await call(target, () => ({
        method: 'POST',
        path: `${toRegion(target)}/workflowTemplates:instantiateInline`,
        query: { requestId: submission.jobId },
        body,
        account: submission.submitterAccount,
        deadline: submission.deadline,
        starts: true,
      }));
      if (response.status === 409) return { kind: 'exists' };
      if (response.status !== 200) throw toRefusal(response);
      const handle = readName(parseJsonObject(response.body).get('name'));
      return { kind: 'accepted', ...(handle === null ? {} : { handle }) };
    },
    find: async (reference, target) => {
      const look = createLook(call, reference, target);
      const operation =
        (await findKnown(look, reference)) ?? (await searchOperation(look, reference, target));
      if (operation === undefined) return searchJob(look, reference, target);
      const labels = reference.labels ?? {};
      const workflow = parseWorkflow(reference.jobId, operation, labels);
      if (workflow === undefined) throw unknownState();
      const { stepJobId, upstream, limit } = workflow;
      const job =
        stepJobId === null
          ? undefined
          : await findJob(look, reference, toJobPath(target, stepJobId));
      if (job === undefined) return upstream;
      return { ...explainStepJob(job, limit), handle: upstream.handle };
    },
    listActive: async (query, target) => listActiveWorkflows(listPages, query, target),
  };
}

function toRegion(target: WorkflowTarget): string {
  return `projects/${target.project}/regions/${target.region}`;
}

function toJobPath(target: WorkflowTarget, jobId: string): string {
  return `${toRegion(target)}/jobs/${jobId}`;
}

/** Gets a resource or a page; undefined when there is none. */
type Look = (
  path: string,
  query?: Readonly<Record<string, string>>,
) => Promise<Members | undefined>;

function createLook(call: DataprocCall, reference: JobReference, target: WorkflowTarget): Look {
  const { account, deadline } = reference;
  return async (path, query = {}) => {
    const response = await call(target, () => ({ method: 'GET', path, query, account, deadline }));
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw toRefusal(response);
    return parseJsonObject(response.body);
  };
}

async function findKnown(look: Look, reference: JobReference): Promise<Members | undefined> {
  const name = readName(reference.handle);
  return name?.includes('/operations/') === true ? look(name) : undefined;
}

async function findJob(
  look: Look,
  reference: JobReference,
  path: string,
): Promise<UpstreamJob | undefined> {
  const job = await look(path);
  if (job === undefined) return undefined;
  const upstream = parseJob(reference.jobId, job, path);
  if (upstream !== undefined) return upstream;
  throw unknownState();
}

/** Pages that are looked through: the operations of one workflow are a handful. */
const MAX_PAGES = 5;

/** Source: https://cloud.google.com/sdk/gcloud/reference/dataproc/operations/list, filters on labels. */
async function searchOperation(
  look: Look,
  reference: JobReference,
  target: WorkflowTarget,
): Promise<Members | undefined> {
  const path = `${toRegion(target)}/operations`;
  let pageToken = '';
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await look(path, {
      ...toSearch(reference),
      ...(pageToken === '' ? {} : { pageToken }),
    });
    const operations = listMembers(answer, 'operations');
    const found = operations.find((operation) => isWorkflowOf(reference.jobId, operation));
    pageToken = readText(answer?.get('nextPageToken')) ?? '';
    if (found !== undefined || pageToken === '') return found;
  }
  return undefined;
}

/** Of a workflow whose operation is gone, or is not listed by its labels, the job may be there. */
async function searchJob(
  look: Look,
  reference: JobReference,
  target: WorkflowTarget,
): Promise<UpstreamJob | undefined> {
  const answer = await look(`${toRegion(target)}/jobs`, toSearch(reference));
  const [job] = listMembers(answer, 'jobs');
  const stepJobId = readMember(job?.get('reference'), 'jobId');
  if (job === undefined || typeof stepJobId !== 'string') return undefined;
  const upstream = parseJob(reference.jobId, job, toJobPath(target, stepJobId));
  if (upstream !== undefined) return upstream;
  throw unknownState();
}

function toSearch({ jobId, labels }: JobReference): Readonly<Record<string, string>> {
  return { filter: toFilter([], { ...labels, [JOB_LABEL]: jobId }), pageSize: '100' };
}
