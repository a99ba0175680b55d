import type { Job } from './job.ts';
import { toStatusMessage } from './job-status.ts';
import { type LongRunning, type OperationEnd, packageName } from './long-running.ts';
import { toTimestamp } from '../api/timestamp.ts';

/** Makes the long-running operation of a job that was submitted as one. */
export function toJobOperation(job: Job, cancel: () => void): LongRunning {
  const metadata = {
    jobId: job.request.jobId,
    status: toStatusMessage(job.status),
    // The word is inferred: none is documented.
    operationType: 'SUBMIT_JOB',
    startTime: toTimestamp(job.createTime),
  };
  return {
    name: job.operation ?? '',
    sequence: job.sequence,
    createTime: job.createTime,
    metadata: { type: `${packageName}.JobMetadata`, message: metadata },
    end: toEnd(job),
    type: 'JOB',
    clusterName: job.clusterName,
    labels: job.labels,
    cancel,
    forget: () => {
      job.forgetOperation();
    },
  };
}

/** Which error the operation of a failed job carries is not documented: the codes are inferred. */
function toEnd(job: Job): OperationEnd | undefined {
  if (!job.hasEnded) return undefined;
  const { state, details } = job.status;
  if (state === 'DONE')
    return {
      kind: 'response',
      response: { type: `${packageName}.Job`, message: job.toMessage() },
    };
  const code = state === 'CANCELLED' ? 'CANCELLED' : 'INTERNAL';
  return { kind: 'error', code, message: details };
}
