import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api/api-error.ts';
import type { Batches } from './batches.ts';
import type { Answer } from '../api/http-exchange.ts';
import { findBearerToken, parseTarget, readBody } from '../api/http-exchange.ts';
import type { Operations } from './operations.ts';
import type { Protos, RpcMethod } from '../api/protos.ts';
import { compileRoutes, findRoute, type Route, type RouteMatch } from '../api/routes.ts';
import type { Principal, TokenStore } from '../identity/tokens.ts';
import {
  decodeRequest,
  encodeResponse,
  type PlainMessage,
  wantsNumericEnums,
} from '../api/transcoding.ts';

const maxBodyBytes = 10 * 1024 * 1024;

/** A call that has found its RPC. */
export interface RpcCall {
  /** The RPC's short name, for example `CreateBatch`. */
  readonly rpc: string;
  readonly run: () => Promise<Answer>;
}

/** What the REST face of Dataproc needs. */
export interface DataprocOptions {
  readonly protos: Protos;
  readonly tokens: TokenStore;
  readonly batches: Batches;
  readonly operations: Operations;
}

type Implementation = (principal: Principal, request: PlainMessage) => PlainMessage;

/** Dataproc over REST: every RPC of the shipped protos has its routes, some are implemented. */
export class Dataproc {
  readonly #options: DataprocOptions;
  readonly #routes: readonly Route[];
  readonly #implementations: Readonly<Record<string, Implementation>>;

  constructor(options: DataprocOptions) {
    this.#options = options;
    this.#routes = compileRoutes(options.protos.methods);
    this.#implementations = makeImplementations(options);
  }

  /** Finds the RPC of a request; undefined when no path of Dataproc fits. @throws ApiError */
  find(request: IncomingMessage): RpcCall | undefined {
    const target = parseTarget(request);
    const match = findRoute(this.#routes, request.method ?? 'GET', target.pathname);
    if (match === undefined) return undefined;
    const run = () => this.#run(request, match, target.searchParams);
    return { rpc: match.route.method.name, run };
  }

  async #run(request: IncomingMessage, match: RouteMatch, query: URLSearchParams): Promise<Answer> {
    const body = await readBody(request, maxBodyBytes);
    const principal = this.#options.tokens.authenticate(findBearerToken(request));
    const { method } = match.route;
    const implementation = this.#implementations[`${method.service}.${method.name}`];
    if (implementation === undefined) throw unimplemented(method);
    const message = implementation(principal, decodeRequest(match, query, body.toString('utf8')));
    const options = { numericEnums: wantsNumericEnums(query) };
    return { status: 200, body: encodeResponse(method.responseType, message, options) };
  }
}

function makeImplementations({
  batches,
  operations,
}: DataprocOptions): Readonly<Record<string, Implementation>> {
  const controller = 'google.cloud.dataproc.v1.BatchController';
  const longRunning = 'google.longrunning.Operations';
  return {
    [`${controller}.CreateBatch`]: (principal, request) =>
      operations.toMessage(batches.create(principal, request)),
    [`${controller}.GetBatch`]: (principal, request) => batches.get(principal, request).toMessage(),
    [`${controller}.ListBatches`]: (principal, request) => {
      const { batches: found, nextPageToken } = batches.list(principal, request);
      return { batches: found.map((batch) => batch.toMessage()), nextPageToken };
    },
    [`${controller}.DeleteBatch`]: (principal, request) => {
      batches.delete(principal, request);
      return {};
    },
    [`${longRunning}.GetOperation`]: (principal, request) => operations.get(principal, request),
    [`${longRunning}.CancelOperation`]: (principal, request) => {
      operations.cancel(principal, request);
      return {};
    },
    [`${longRunning}.DeleteOperation`]: (principal, request) => {
      operations.delete(principal, request);
      return {};
    },
  };
}

function unimplemented({ service, name }: RpcMethod): ApiError {
  return new ApiError('UNIMPLEMENTED', `The local Dataproc does not implement ${service}.${name}.`);
}
