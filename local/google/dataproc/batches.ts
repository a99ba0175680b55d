import { randomUUID } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import { Batch } from './batch.ts';
import { parseBatchFilter } from './batch-filter.ts';
import type { Scheduler } from '../spark/scheduler.ts';
import { type BatchRequest, parseBatchRequest } from './batch-request.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';
import type { PlainMessage } from '../api/transcoding.ts';

const page = { byDefault: 20, max: 1000 };

/** What the batches need. */
export interface BatchesOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly scheduler: Scheduler;
  readonly now: () => Date;
}

/** The batches of the one project and region, and the RPCs of BatchController on them. */
export class Batches {
  readonly #options: BatchesOptions;
  readonly #byName = new Map<string, Batch>();
  readonly #byRequestId = new Map<string, Batch>();
  readonly #byOperation = new Map<string, Batch>();
  #created = 0;

  constructor(options: BatchesOptions) {
    this.#options = options;
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
    this.#requireParent(message['parent']);
    this.#require(principal, 'create', this.parent);
    const request = parseBatchRequest(message);
    const replayed = this.#byRequestId.get(request.requestId ?? '');
    if (replayed !== undefined) return replayed;
    this.#requireAccount(principal, request);
    const batch = this.#makeBatch(principal, request);
    if (this.#byName.has(batch.name))
      throw new ApiError(
        'ALREADY_EXISTS',
        `Already exists: Failed to create batch: Batch ${batch.name}`,
      );
    this.#created += 1;
    this.#byName.set(batch.name, batch);
    this.#byOperation.set(batch.operation, batch);
    if (request.requestId !== undefined) this.#byRequestId.set(request.requestId, batch);
    this.#options.scheduler.submit(batch);
    return batch;
  }

  /** GetBatch. @throws ApiError */
  get(principal: Principal, message: PlainMessage): Batch {
    const name = toText(message['name']);
    this.#requireParent(name.replace(/\/batches\/[^/]*$/, ''));
    this.#require(principal, 'get', name);
    const batch = this.#byName.get(name);
    if (batch === undefined) throw new ApiError('NOT_FOUND', `Not found: Batch ${name}`);
    return batch;
  }

  /** ListBatches, the newest first. @throws ApiError */
  list(
    principal: Principal,
    message: PlainMessage,
  ): { readonly batches: readonly Batch[]; readonly nextPageToken: string } {
    this.#requireParent(message['parent']);
    this.#require(principal, 'list', this.parent);
    if (!['', 'create_time desc'].includes(toText(message['orderBy'])))
      throw new ApiError('INVALID_ARGUMENT', 'order_by must be empty or "create_time desc".');
    const matches = parseBatchFilter(toText(message['filter']));
    const before = parsePageToken(toText(message['pageToken']));
    const newestFirst = [...this.#byName.values()].reverse();
    const rest = newestFirst.filter((batch) => batch.sequence < before && matches(batch));
    const batches = rest.slice(0, toPageSize(message['pageSize']));
    const more = rest.length > batches.length;
    return { batches, nextPageToken: more ? `${batches.at(-1)?.sequence ?? ''}` : '' };
  }

  /** DeleteBatch; its id may be used again. @throws ApiError */
  delete(principal: Principal, message: PlainMessage): void {
    const name = toText(message['name']);
    this.#requireParent(name.replace(/\/batches\/[^/]*$/, ''));
    this.#require(principal, 'delete', name);
    const batch = this.#byName.get(name);
    if (batch === undefined) throw new ApiError('NOT_FOUND', `Not found: Batch ${name}`);
    if (!batch.hasEnded)
      throw new ApiError(
        'FAILED_PRECONDITION',
        `Batch ${name} is in state ${batch.state}; only a batch in a terminal state can be deleted.`,
      );
    this.#byName.delete(name);
  }

  /** Finds the batch of a long-running operation by the operation's name. */
  findByOperation(name: string): Batch | undefined {
    return this.#byOperation.get(name);
  }

  /** Forgets an operation; its batch stays. */
  forgetOperation(name: string): void {
    this.#byOperation.delete(name);
  }

  /** A batch that names no account runs as the default one of Compute Engine. */
  #requireAccount(principal: Principal, { serviceAccount }: BatchRequest): void {
    const { configuration, permissions } = this.#options;
    const byDefault = `${configuration.projectNumber}-compute@developer.gserviceaccount.com`;
    permissions.requireActAs(principal, serviceAccount ?? byDefault);
  }

  #makeBatch(principal: Principal, request: BatchRequest): Batch {
    const { configuration, now } = this.#options;
    const { project, region, buckets } = configuration;
    const stagingBucket = request.stagingBucket ?? configuration.stagingBucket;
    if (!buckets.includes(stagingBucket))
      throw new ApiError('INVALID_ARGUMENT', `The staging bucket ${stagingBucket} does not exist.`);
    return new Batch(request, {
      creator: principal.kind === 'account' ? principal.email : principal.role,
      operation: `projects/${project}/regions/${region}/operations/${randomUUID()}`,
      stagingBucket,
      createTime: now(),
      sequence: this.#created + 1,
    });
  }

  #require(
    principal: Principal,
    verb: 'create' | 'get' | 'list' | 'delete',
    resource: string,
  ): void {
    this.#options.permissions.require(principal, `dataproc.batches.${verb}`, resource);
  }

  /** Google answers for a foreign project as for one that the caller has no permission on. */
  #requireParent(parent: unknown): void {
    const { project, region } = this.#options.configuration;
    const [, foreignProject, foreignRegion] =
      /^projects\/([^/]*)\/locations\/([^/]*)$/.exec(toText(parent)) ?? [];
    if (foreignProject !== project)
      throw new ApiError(
        'PERMISSION_DENIED',
        `Permission denied on resource project ${foreignProject ?? ''}.`,
      );
    if (foreignRegion !== region)
      throw new ApiError('NOT_FOUND', `Not found: Location ${toText(parent)}`);
  }
}

/** A page begins below the sequence number that its token is. */
function parsePageToken(token: string): number {
  if (token === '') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,14}$/.test(token))
    throw new ApiError('INVALID_ARGUMENT', 'The page token is not valid.');
  return Number(token);
}

function toPageSize(value: unknown): number {
  const size = typeof value === 'number' ? value : 0;
  if (size < 0) throw new ApiError('INVALID_ARGUMENT', 'page_size must not be negative.');
  return size === 0 ? page.byDefault : Math.min(size, page.max);
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
