import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api/api-error.ts';
import type { Answer } from '../api/http-exchange.ts';
import { findBearerToken, parseTarget, readBody } from '../api/http-exchange.ts';
import type { Protos, RpcMethod } from '../api/protos.ts';
import { compileRoutes, findRoute, type Route, type RouteMatch } from '../api/routes.ts';
import { decodeRequest, encodeResponse, wantsNumericEnums } from '../api/transcoding.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { RpcCall } from '../api/rpc-call.ts';
import type { TokenStore } from '../identity/tokens.ts';

const maxBodyBytes = 10 * 1024 * 1024;

/** What the REST face of Dataproc needs. */
export interface RestOptions {
  readonly protos: Protos;
  readonly tokens: TokenStore;
  readonly implementations: Implementations;
}

/** Google's RPCs over REST: every RPC of the shipped protos has its routes, some are implemented. */
export class RestServices {
  readonly #options: RestOptions;
  readonly #routes: readonly Route[];

  constructor(options: RestOptions) {
    this.#options = options;
    this.#routes = compileRoutes(options.protos.methods);
  }

  /** Finds the RPC of a request; undefined when no path fits. @throws ApiError */
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
    const implementation = this.#options.implementations[`${method.service}.${method.name}`];
    if (implementation === undefined) throw unimplemented(method);
    const decoded = decodeRequest(match, query, body.toString('utf8'));
    const message = await implementation(principal, decoded);
    const options = { numericEnums: wantsNumericEnums(query) };
    return { status: 200, body: encodeResponse(method.responseType, message, options) };
  }
}

function unimplemented({ service, name }: RpcMethod): ApiError {
  return new ApiError('UNIMPLEMENTED', `The local Dataproc does not implement ${service}.${name}.`);
}
