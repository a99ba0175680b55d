import type protobuf from 'protobufjs';
import { ApiError, canonicalCodes } from '../api/api-error.ts';
import { type Batch, toTimestamp } from './batch.ts';
import type { Batches } from './batches.ts';
import type { Scheduler } from '../spark/scheduler.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';
import { packAny, type PlainMessage } from '../api/transcoding.ts';

const packageName = 'google.cloud.dataproc.v1';

/** What the operations need. */
export interface OperationsOptions {
  readonly root: protobuf.Root;
  readonly batches: Batches;
  readonly scheduler: Scheduler;
  readonly permissions: Permissions;
}

/** The long-running operations, one for each batch. */
export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** GetOperation. @throws ApiError */
  get(principal: Principal, message: PlainMessage): PlainMessage {
    const name = this.#require(principal, 'get', message);
    return this.toMessage(this.#find(name));
  }

  /**
   * CancelOperation, which is how a batch is cancelled; it needs both permissions. An operation
   * that is done stays as it is. @throws ApiError
   */
  cancel(principal: Principal, message: PlainMessage): void {
    const name = this.#require(principal, 'cancel', message);
    this.#options.scheduler.cancel(this.#find(name), 'The batch was cancelled.');
  }

  /** DeleteOperation: the client is no longer interested; the batch goes on. @throws ApiError */
  delete(principal: Principal, message: PlainMessage): void {
    const name = this.#require(principal, 'delete', message);
    this.#find(name);
    this.#options.batches.forgetOperation(name);
  }

  /**
   * Makes the google.longrunning.Operation of a batch. Which error a failed batch's operation
   * carries is not documented: the codes are inferred.
   */
  toMessage(batch: Batch): PlainMessage {
    const { root } = this.#options;
    const done = batch.hasEnded;
    const metadata = packAny(root, `${packageName}.BatchOperationMetadata`, {
      batch: batch.name,
      batchUuid: batch.uuid,
      createTime: toTimestamp(batch.createTime),
      ...(done ? { doneTime: toTimestamp(batch.stateTime) } : {}),
      operationType: 'BATCH',
      description: 'Batch',
      labels: batch.request.labels,
    });
    const name = batch.operation;
    if (!done) return { name, done, metadata };
    if (batch.state === 'SUCCEEDED')
      return {
        name,
        done,
        metadata,
        response: packAny(root, `${packageName}.Batch`, batch.toMessage()),
      };
    const { code } = canonicalCodes[batch.state === 'CANCELLED' ? 'CANCELLED' : 'INTERNAL'];
    return { name, done, metadata, error: { code, message: batch.stateMessage } };
  }

  #find(name: string): Batch {
    const batch = this.#options.batches.findByOperation(name);
    if (batch === undefined) throw new ApiError('NOT_FOUND', `Not found: Operation ${name}`);
    return batch;
  }

  /** Source: https://cloud.google.com/dataproc-serverless/docs/concepts/iam, operations permissions. */
  #require(principal: Principal, verb: 'get' | 'cancel' | 'delete', message: PlainMessage): string {
    const resource = String(message['name']);
    this.#options.permissions.require(principal, `dataproc.operations.${verb}`, resource);
    return resource;
  }
}
