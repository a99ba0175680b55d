import { randomUUID } from 'node:crypto';
import type { BatchTarget } from '../config/targets.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import { parseJsonObject } from '../transport.ts';
import { parseBatch, toBatch } from './batch.ts';
import { toRefusal, unknownState, type DataprocCall } from './calls.ts';
import { requireRuntimeAccount, type Way } from './way.ts';

/**
 * Makes the way to serverless batches, whose ids are the jobs'. Each attempt to create one has a request id of its own,
 * because a repeated one would be answered with the first operation as if it were new.
 */
export function createBatches(call: DataprocCall): Way<BatchTarget> {
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
  };
}

function toPath(target: BatchTarget): string {
  return `projects/${target.project}/locations/${target.region}/batches`;
}
