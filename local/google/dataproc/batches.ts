import { randomUUID } from 'node:crypto';
import { takeAccount, takeBucket } from './account-and-bucket.ts';
import { ApiError } from '../api/api-error.ts';
import { Batch } from './batch.ts';
import { parseBatchDocument } from './batch-document.ts';
import { parseBatchFilter } from './batch-filter.ts';
import { toBatchOperation } from './batch-operation.ts';
import { type BatchRequest, parseBatchRequest } from './batch-request.ts';
import type { LongRunning } from './long-running.ts';
import { type Page, takePage } from './page.ts';
import { regionOf, requireParent, toLocationName } from './place.ts';
import { type Counter, Register } from './register.ts';
import { parseRequestId, textOr, toRequestKey } from './request-fields.ts';
import type { Revival } from './revival.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Permissions } from '../identity/permissions.ts';
import { nameOf, type Principal } from '../identity/tokens.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Scheduler } from '../spark/scheduler.ts';
import type { Shelf } from '../state/shelf.ts';

/** Source: ListBatchesRequest.page_size in the shipped batches.proto. */
const page = { byDefault: 20, max: 1000 };

/** What the batches need. */
interface BatchesOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly scheduler: Scheduler;
  readonly counter: Counter;
  readonly shelf: Shelf;
  readonly now: () => Date;
}

/** The batches of the one project and region, and the RPCs of BatchController on them. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #register: Register<Batch>;

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.#register = new Register({ ...options, kind: 'batches' });
  }

  /** Takes back what an earlier server left; what it returns goes on. @throws ShapeError */
  restore(): readonly Revival[] {
    const batches = this.#register.restore((document) => {
      const { request, identity, progress } = parseBatchDocument(document);
      return new Batch(parseBatchRequest(request), identity, { changed: this.#save, progress });
    });
    return batches
      .filter((batch) => !batch.hasEnded)
      .map((batch) => {
        const { sequence, hasStarted, isCancelled } = batch;
        return { sequence, hasStarted, isCancelled, run: batch };
      });
  }

  /** The `projects/…/locations/…` that batches live in. */
  get parent(): string {
    const { project, region } = this.#options.configuration;
    return `projects/${project}/locations/${region}`;
  }

  /**
   * CreateBatch. A request id that was used before answers with the first batch, whatever else the
   * request says. @throws ApiError
   */
  create(principal: Principal, message: PlainMessage): Batch {
    requireParent(this.#options.configuration, message['parent']);
    this.#require(principal, 'create', this.parent);
    const key = toRequestKey(nameOf(principal), parseRequestId(message));
    const replayed = this.#register.findByRequestId(key);
    if (replayed !== undefined) return replayed;
    const request = parseBatchRequest(message);
    takeAccount(principal, request.serviceAccount, this.#options);
    const batch = this.#makeBatch(principal, request);
    if (this.#register.find(batch.name) !== undefined)
      throw new ApiError(
        'ALREADY_EXISTS',
        `Already exists: Failed to create batch: Batch ${batch.name}`,
      );
    this.#register.add(batch);
    this.#options.scheduler.submit(batch);
    return batch;
  }

  /** GetBatch. @throws ApiError */
  get(principal: Principal, message: PlainMessage): Batch {
    return this.#getFor(principal, 'get', message);
  }

  /** ListBatches, the newest first. @throws ApiError */
  list(principal: Principal, message: PlainMessage): Page<Batch> {
    const { configuration } = this.#options;
    requireParent(configuration, message['parent']);
    this.#require(principal, 'list', this.parent);
    if (!['', 'create_time desc'].includes(textOr(message, 'orderBy', '')))
      throw new ApiError('INVALID_ARGUMENT', 'orderBy must be empty or "create_time desc".');
    const filter = textOr(message, 'filter', '');
    const matches = parseBatchFilter(filter, { labels: configuration.batchLabelFilter });
    const shown = this.#register.newestFirst().filter(matches);
    return takePage(shown, message, page);
  }

  /** DeleteBatch; its id may be used again. @throws ApiError */
  delete(principal: Principal, message: PlainMessage): void {
    const batch = this.#getFor(principal, 'delete', message);
    if (!batch.hasEnded)
      throw new ApiError(
        'FAILED_PRECONDITION',
        `Batch ${batch.name} is in state ${batch.state}; only a batch in a terminal state can be deleted.`,
      );
    this.#register.delete(batch);
  }

  /** The long-running operations of batches, from the newest on. */
  operations(): readonly LongRunning[] {
    return this.#register
      .everNewestFirst()
      .filter(({ operationForgotten }) => !operationForgotten)
      .map((batch) => this.toOperation(batch));
  }

  /** Finds a long-running operation by its name. */
  findOperation(name: string): LongRunning | undefined {
    const batch = this.#register.everNewestFirst().find(({ operation }) => operation === name);
    return batch === undefined || batch.operationForgotten ? undefined : this.toOperation(batch);
  }

  /** Makes the long-running operation of a batch. */
  toOperation(batch: Batch): LongRunning {
    return toBatchOperation(batch, () => {
      this.#options.scheduler.cancel(batch, 'The batch was cancelled.');
    });
  }

  readonly #save = (batch: Batch): void => {
    this.#register.save(batch);
  };

  #getFor(principal: Principal, verb: 'get' | 'delete', message: PlainMessage): Batch {
    const name = toLocationName(textOr(message, 'name', ''));
    requireParent(this.#options.configuration, name.replace(/\/batches\/[^/]*$/, ''));
    this.#require(principal, verb, name);
    const batch = this.#register.find(name);
    if (batch === undefined) throw new ApiError('NOT_FOUND', `Not found: Batch ${name}`);
    return batch;
  }

  #makeBatch(principal: Principal, request: BatchRequest): Batch {
    const { configuration, now, counter } = this.#options;
    const identity = {
      creator: nameOf(principal),
      operation: `${regionOf(configuration)}/operations/${randomUUID()}`,
      stagingBucket: takeBucket(request.stagingBucket, configuration),
      createTime: now(),
      sequence: counter.next(),
    };
    return new Batch(request, identity, { changed: this.#save });
  }

  #require(
    principal: Principal,
    verb: 'create' | 'get' | 'list' | 'delete',
    resource: string,
  ): void {
    this.#options.permissions.require(principal, `dataproc.batches.${verb}`, resource);
  }
}
