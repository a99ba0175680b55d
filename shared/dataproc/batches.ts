import { randomUUID } from 'node:crypto';
import type { BatchTarget } from '../config/targets.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import { parseJobId } from '../jobs/job.ts';
import type { UpstreamJob } from '../jobs/ports.ts';
import { parseJsonObject } from '../transport.ts';
import { readText, type Members } from './answer.ts';
import { parseBatch, toBatch } from './batch.ts';
import { toRefusal, unknownState, type DataprocCall } from './calls.ts';
import { pickActive, type ListPages } from './listing.ts';
import { requireRuntimeAccount, type Way } from './way.ts';

/**
 * Makes the way to serverless batches, whose ids are the jobs'. Each attempt to create one has a request id of its own,
 * because a repeated one would be answered with the first operation as if it were new.
 */
export function createBatches(call: DataprocCall, listPages: ListPages): Way<BatchTarget> {
  return {
    submit: async (submission, target) => {
      const account = requireRuntimeAccount(submission);
      const body = toBatch(submission, {
        stagingBucket: target.stagingBucket,
        runtimeVersion: target.runtimeVersion,
        runtimeAccountEmail: toAccountEmail(account, target.project),
      });
      const response = await call(target, () => ({
        method: 'POST',
        path: toPath(target),
        query: { batchId: submission.jobId, requestId: randomUUID() },
        body,
        account: submission.submitterAccount,
        deadline: submission.deadline,
        starts: true,
      }));
      if (response.status === 200) return { kind: 'accepted' };
      if (response.status === 409) return { kind: 'exists' };
      throw toRefusal(response);
    },
    find: async (reference, target) => {
      const { account, deadline } = reference;
      const path = `${toPath(target)}/${reference.jobId}`;
      const response = await call(target, () => ({ method: 'GET', path, account, deadline }));
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw toRefusal(response);
      const upstream = parseBatch(reference.jobId, parseJsonObject(response.body));
      if (upstream !== undefined) return upstream;
      throw unknownState();
    },
    listActive: async (query, target) => {
      const list = { path: toPath(target), query: ACTIVE_BATCHES, member: 'batches' };
      const { entries, complete } = await listPages(target, list, query);
      return { jobs: pickActive(entries.map(parseListed), query.labels), complete };
    },
  };
}

/**
 * What is asked of a list of batches. Labels are not a part of it, since Google's references do not agree on whether they
 * may be; the fields leave out what callers have sent, which can be large.
 * Source: Dataproc REST reference, ListBatches; https://cloud.google.com/apis/docs/system-parameters
 */
const ACTIVE_BATCHES = {
  filter: 'state = PENDING OR state = RUNNING OR state = CANCELLING',
  fields:
    'batches(name,state,stateMessage,stateTime,stateHistory,labels,runtimeInfo,operation),nextPageToken',
};

/** A batch whose id is no job's, or whose state is unknown, is none of ours to tell. */
function parseListed(batch: Members): UpstreamJob | undefined {
  const jobId = parseJobId(readText(batch.get('name'))?.replace(/^.*\//, ''));
  return jobId === undefined ? undefined : parseBatch(jobId, batch);
}

function toPath(target: BatchTarget): string {
  return `projects/${target.project}/locations/${target.region}/batches`;
}
