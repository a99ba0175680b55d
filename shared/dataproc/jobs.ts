import { randomUUID } from 'node:crypto';
import type { ClusterTarget } from '../config/targets.ts';
import { parseJsonObject } from '../transport.ts';
import { toRefusal, unknownState, type DataprocCall } from './calls.ts';
import { parseJob, toJob } from './job.ts';
import type { Way } from './way.ts';

/**
 * Makes the way to jobs on a cluster, whose ids are ours. Each attempt to submit one has a request id of its own, because
 * a repeated one would be answered with the first job as if it were new. Dataproc bounds no job's time there: what the
 * record says is for others to keep.
 */
export function createClusterJobs(call: DataprocCall): Way<ClusterTarget> {
  return {
    submit: async (submission, target) => {
      const job = toJob(submission, target);
      const response = await call(target, () => ({
        method: 'POST',
        path: `${toPath(target)}:submit`,
        body: { job, requestId: randomUUID() },
        account: submission.submitterAccount,
        deadline: submission.deadline,
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
  };
}

function toPath(target: ClusterTarget): string {
  return `projects/${target.project}/regions/${target.region}/jobs`;
}
