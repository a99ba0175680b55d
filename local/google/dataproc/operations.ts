import type protobuf from 'protobufjs';
import { fieldsMeet, labelsMeet, parseAndFilter } from './and-filter.ts';
import { ApiError, canonicalCodes } from '../api/api-error.ts';
import type { LongRunning, OperationSource } from './long-running.ts';
import { takePage } from './page.ts';
import { type Place, requireParent, toRegionName } from './place.ts';
import { textOr } from './request-fields.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';
import { packAny, type PlainMessage } from '../api/transcoding.ts';

/** What the operations need. */
interface OperationsOptions {
  readonly root: protobuf.Root;
  readonly place: Place;
  readonly sources: readonly OperationSource[];
  readonly permissions: Permissions;
}

/** The page size is not documented: inferred. */
const page = { byDefault: 100, max: 1000 };

/**
 * That states are compared in the words of metadata is inferred from gcloud's `operations list`.
 * Source: https://cloud.google.com/sdk/gcloud/reference/dataproc/operations/list
 */
const fields = {
  'status.state': ['ACTIVE', 'NON_ACTIVE', 'RUNNING', 'DONE'],
  operationType: null,
  clusterName: null,
};

/** The long-running operations of batches, jobs and workflows. */
export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** What the RPCs of google.longrunning.Operations do; WaitOperation is not implemented. */
  implementations(): Implementations {
    const service = 'google.longrunning.Operations';
    return {
      [`${service}.ListOperations`]: (principal, request) => this.#list(principal, request),
      [`${service}.GetOperation`]: (principal, request) =>
        this.toMessage(this.#get(principal, 'get', request)),
      // It is how a batch and a workflow are cancelled; an operation that is done stays as it is.
      [`${service}.CancelOperation`]: (principal, request) => {
        this.#get(principal, 'cancel', request).cancel();
        return {};
      },
      [`${service}.DeleteOperation`]: (principal, request) => {
        this.#get(principal, 'delete', request).forget();
        return {};
      },
    };
  }

  /** Makes the google.longrunning.Operation of this moment. */
  toMessage({ name, metadata: { type, message }, end }: LongRunning): PlainMessage {
    const { root } = this.#options;
    const metadata = packAny(root, type, message);
    if (end === undefined) return { name, done: false, metadata };
    if (end.kind === 'error')
      return {
        name,
        done: true,
        metadata,
        error: { code: canonicalCodes[end.code].code, message: end.message },
      };
    const response = packAny(root, end.response.type, end.response.message);
    return { name, done: true, metadata, response };
  }

  #list(principal: Principal, request: PlainMessage): PlainMessage {
    const { permissions, place, sources } = this.#options;
    const name = textOr(request, 'name', '');
    const parent = name.replace(/\/operations$/, '');
    requireParent(place, parent);
    permissions.require(principal, 'dataproc.operations.list', parent);
    const conditions = parseAndFilter(textOr(request, 'filter', ''), fields);
    const newestFirst = sources
      .flatMap((source) => source.operations())
      .filter(
        (operation) =>
          labelsMeet(conditions, operation.labels) && fieldsMeet(conditions, toValues(operation)),
      )
      .sort((one, two) => two.sequence - one.sequence);
    const { items, nextPageToken } = takePage(newestFirst, request, page);
    return { operations: items.map((operation) => this.toMessage(operation)), nextPageToken };
  }

  /** Source: https://cloud.google.com/dataproc-serverless/docs/concepts/iam, operations permissions. */
  #get(
    principal: Principal,
    verb: 'get' | 'cancel' | 'delete',
    request: PlainMessage,
  ): LongRunning {
    const name = textOr(request, 'name', '');
    this.#options.permissions.require(principal, `dataproc.operations.${verb}`, name);
    for (const source of this.#options.sources) {
      const operation = source.findOperation(toRegionName(name));
      if (operation !== undefined) return operation;
    }
    throw new ApiError('NOT_FOUND', `Not found: Operation ${name}`);
  }
}

function toValues({ end, type, clusterName }: LongRunning): Record<string, readonly string[]> {
  const states = end === undefined ? ['ACTIVE', 'RUNNING'] : ['NON_ACTIVE', 'DONE'];
  return { 'status.state': states, operationType: [type], clusterName: [clusterName] };
}
