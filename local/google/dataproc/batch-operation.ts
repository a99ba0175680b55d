import type { Batch } from './batch.ts';
import { type LongRunning, type OperationEnd, packageName } from './long-running.ts';
import { toTimestamp } from '../api/timestamp.ts';

/** Makes the long-running operation of a batch. */
export function toBatchOperation(batch: Batch, cancel: () => void): LongRunning {
  const metadata = {
    batch: batch.name,
    batchUuid: batch.uuid,
    createTime: toTimestamp(batch.createTime),
    ...(batch.hasEnded ? { doneTime: toTimestamp(batch.stateTime) } : {}),
    operationType: 'BATCH',
    description: 'Batch',
    labels: batch.request.labels,
  };
  return {
    name: batch.operation,
    sequence: batch.sequence,
    createTime: batch.createTime,
    metadata: { type: `${packageName}.BatchOperationMetadata`, message: metadata },
    end: toEnd(batch),
    type: 'BATCH',
    clusterName: '',
    labels: batch.request.labels,
    cancel,
    forget: () => {
      batch.forgetOperation();
    },
  };
}

/** Which error a failed batch's operation carries is not documented: the codes are inferred. */
function toEnd(batch: Batch): OperationEnd | undefined {
  if (!batch.hasEnded) return undefined;
  if (batch.state === 'SUCCEEDED')
    return {
      kind: 'response',
      response: { type: `${packageName}.Batch`, message: batch.toMessage() },
    };
  const code = batch.state === 'CANCELLED' ? 'CANCELLED' : 'INTERNAL';
  return { kind: 'error', code, message: batch.stateMessage };
}
