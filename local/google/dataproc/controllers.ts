import type { Implementations } from '../identity/implementation.ts';
import type { Batches } from './batches.ts';
import type { Jobs } from './jobs.ts';
import type { Operations } from './operations.ts';

/** Makes what the RPCs of BatchController do. */
export function makeBatchController(batches: Batches, operations: Operations): Implementations {
  const service = 'google.cloud.dataproc.v1.BatchController';
  return {
    [`${service}.CreateBatch`]: (principal, request) =>
      operations.toMessage(batches.toOperation(batches.create(principal, request))),
    [`${service}.GetBatch`]: (principal, request) => batches.get(principal, request).toMessage(),
    [`${service}.ListBatches`]: (principal, request) => {
      const { items, nextPageToken } = batches.list(principal, request);
      return { batches: items.map((batch) => batch.toMessage()), nextPageToken };
    },
    [`${service}.DeleteBatch`]: (principal, request) => {
      batches.delete(principal, request);
      return {};
    },
  };
}

/** Makes what the RPCs of JobController do. */
export function makeJobController(jobs: Jobs, operations: Operations): Implementations {
  const service = 'google.cloud.dataproc.v1.JobController';
  return {
    [`${service}.SubmitJob`]: (principal, request) => jobs.submit(principal, request).toMessage(),
    [`${service}.SubmitJobAsOperation`]: (principal, request) =>
      operations.toMessage(
        jobs.toOperation(jobs.submit(principal, request, { asOperation: true })),
      ),
    [`${service}.GetJob`]: (principal, request) => jobs.get(principal, request).toMessage(),
    [`${service}.ListJobs`]: (principal, request) => jobs.list(principal, request),
    [`${service}.UpdateJob`]: (principal, request) => jobs.update(principal, request).toMessage(),
    [`${service}.CancelJob`]: (principal, request) => jobs.cancel(principal, request).toMessage(),
    [`${service}.DeleteJob`]: (principal, request) => {
      jobs.delete(principal, request);
      return {};
    },
  };
}
