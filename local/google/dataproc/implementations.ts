import type { Implementations } from '../identity/implementation.ts';
import type { Batches } from './batches.ts';
import type { Operations } from './operations.ts';

/** The parts of Dataproc that RPCs reach. */
export interface DataprocParts {
  readonly batches: Batches;
  readonly operations: Operations;
}

/** Makes what the RPCs of Dataproc do; one that is not here is not implemented. */
export function makeDataprocImplementations(parts: DataprocParts): Implementations {
  return { ...makeBatchController(parts), ...makeOperations(parts) };
}

function makeBatchController({ batches, operations }: DataprocParts): Implementations {
  const service = 'google.cloud.dataproc.v1.BatchController';
  return {
    [`${service}.CreateBatch`]: (principal, request) =>
      operations.toMessage(batches.create(principal, request)),
    [`${service}.GetBatch`]: (principal, request) => batches.get(principal, request).toMessage(),
    [`${service}.ListBatches`]: (principal, request) => {
      const { batches: found, nextPageToken } = batches.list(principal, request);
      return { batches: found.map((batch) => batch.toMessage()), nextPageToken };
    },
    [`${service}.DeleteBatch`]: (principal, request) => {
      batches.delete(principal, request);
      return {};
    },
  };
}

function makeOperations({ operations }: DataprocParts): Implementations {
  const service = 'google.longrunning.Operations';
  return {
    [`${service}.GetOperation`]: (principal, request) => operations.get(principal, request),
    [`${service}.CancelOperation`]: (principal, request) => {
      operations.cancel(principal, request);
      return {};
    },
    [`${service}.DeleteOperation`]: (principal, request) => {
      operations.delete(principal, request);
      return {};
    },
  };
}
