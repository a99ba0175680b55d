import type { IncomingMessage } from 'node:http';
import type { Line } from '../api/faults.ts';
import { type Answer, findBearerToken, parseTarget, readBody } from '../api/http-exchange.ts';
import { makeSelection } from '../api/partial-response.ts';
import type { Protos } from '../api/protos.ts';
import { compileRoutes, findRoute, type Route, type RouteMatch } from '../api/routes.ts';
import { decodeRequest, encodeResponse, wantsNumericEnums } from '../api/transcoding.ts';
import type { RpcDispatcher } from './rpc.ts';

const maxBodyBytes = 10 * 1024 * 1024;

/** What RPCs over REST need. */
interface RestOptions {
  readonly protos: readonly Protos[];
  readonly dispatcher: RpcDispatcher;
}

/** Google's RPCs over REST: every RPC of the shipped protos has its routes, some are implemented. */
export class RestServices {
  readonly #dispatcher: RpcDispatcher;
  readonly #routes: readonly Route[];

  constructor({ protos, dispatcher }: RestOptions) {
    this.#dispatcher = dispatcher;
    this.#routes = compileRoutes(protos.flatMap(({ methods }) => methods));
  }

  /** Finds what answers a request; undefined when no path fits. @throws ApiError */
  find(request: IncomingMessage): ((line: Line) => Promise<Answer>) | undefined {
    const target = parseTarget(request);
    const match = findRoute(this.#routes, request.method ?? 'GET', target.pathname);
    if (match === undefined) return undefined;
    return (line) => this.#answer(request, { match, query: target.searchParams, line });
  }

  async #answer(
    request: IncomingMessage,
    { match, query, line }: { match: RouteMatch; query: URLSearchParams; line: Line },
  ): Promise<Answer> {
    const body = await readBody(request, maxBodyBytes);
    const { method } = match.route;
    const select = makeSelection(method.responseType, query);
    const message = await this.#dispatcher.dispatch({
      method,
      transport: 'rest',
      token: findBearerToken(request),
      line,
      decode: () => decodeRequest(match, query, body.toString('utf8')),
    });
    const options = { numericEnums: wantsNumericEnums(query) };
    return { status: 200, body: select(encodeResponse(method.responseType, message, options)) };
  }
}
