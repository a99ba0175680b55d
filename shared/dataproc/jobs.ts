import { randomUUID } from 'node:crypto';
import type { ClusterTarget } from '../config/targets.ts';
import { parseJobId } from '../jobs/job.ts';
import { parseJsonObject } from '../transport.ts';
import { readMember } from './answer.ts';
import { toRefusal, unknownState, type DataprocCall } from './calls.ts';
import { parseJob, toJob } from './job.ts';
import { pickActive, toFilter, type ListPages } from './listing.ts';
import type { Way } from './way.ts';

/**
 * Makes the way to jobs on a cluster, whose ids are ours. Each attempt to submit one has a request id of its own, because
 * a repeated one would be answered with the first job as if it were new. Dataproc bounds no job's time there: what the
 * record says is for others to keep.
 */
export function createClusterJobs(call: DataprocCall, listPages: ListPages): Way<ClusterTarget> {
  return {
    submit: async (submission, target) => {
      const job = toJob(submission, target);
      const response = await call(target, () => ({
        method: 'POST',
        path: `${toPath(target)}:submit`,
        body: { job, requestId: randomUUID() },
        account: submission.submitterAccount,
        deadline: submission.deadline,
        starts: true,
      }));
      if (response.status === 200) return { kind: 'accepted' };
      if (response.status === 409) return { kind: 'exists' };
      throw toRefusal(response);
    },
    find: async (reference, target) => {
      const { account, deadline, jobId } = reference;
      const path = `${toPath(target)}/${jobId}`;
      const response = await call(target, () => ({ method: 'GET', path, account, deadline }));
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw toRefusal(response);
      const upstream = parseJob(jobId, parseJsonObject(response.body), path);
      if (upstream !== undefined) return upstream;
      throw unknownState();
    },
    listActive: async (query, target) => {
      const path = toPath(target);
      const { clusterName } = target;
      const asked = { clusterName, filter: toFilter([ACTIVE], query.labels), fields: JOB_FIELDS };
      const list = { path, query: asked, member: 'jobs' };
      const { entries, complete } = await listPages(target, list, query);
      const jobs = entries.map((job) => {
        const jobId = parseJobId(readMember(job.get('reference'), 'jobId'));
        return jobId === undefined ? undefined : parseJob(jobId, job, `${path}/${jobId}`);
      });
      return { jobs: pickActive(jobs, query.labels), complete };
    },
  };
}

/**
 * The condition of a filter on jobs and operations that have not ended: beside a filter, `jobStateMatcher` is ignored.
 * Source: Dataproc REST reference, ListJobs; https://cloud.google.com/sdk/gcloud/reference/dataproc/operations/list
 */
export const ACTIVE = 'status.state = ACTIVE';

/** What is asked of listed jobs: not what callers have sent, which can be large. */
export const JOB_FIELDS =
  'jobs(reference,status,statusHistory,labels,driverOutputResourceUri),nextPageToken';

function toPath(target: ClusterTarget): string {
  return `projects/${target.project}/regions/${target.region}/jobs`;
}
