import type { GoogleConfiguration } from '../../../local/google/configuration.ts';
import { toErrorBody } from '../../../local/google/api/api-error.ts';
import { FaultTable } from '../../../local/google/api/faults.ts';
import { parseBearer } from '../../../local/google/api/http-exchange.ts';
import { loadProtos } from '../../../local/google/api/protos.ts';
import { compileRoutes, findRoute, type RouteMatch } from '../../../local/google/api/routes.ts';
import { decodeRequest, encodeResponse } from '../../../local/google/api/transcoding.ts';
import { openDataproc } from '../../../local/google/dataproc/dataproc.ts';
import { Permissions } from '../../../local/google/identity/permissions.ts';
import { TokenStore } from '../../../local/google/identity/tokens.ts';
import { RateLimits } from '../../../local/google/server/rate-limits.ts';
import { toApiError } from '../../../local/google/server/refusal.ts';
import { RpcDispatcher } from '../../../local/google/server/rpc.ts';
import { Scheduler } from '../../../local/google/spark/scheduler.ts';
import type { HttpRequest, HttpResponse } from '../../../shared/transport.ts';
import { createPlayedEngine, type PlayedEngine } from './engine.ts';
import { toJson } from './answers.ts';
import type { Schedule } from './schedule.ts';

/** The local Dataproc in this process, whose drivers are played. */
export interface PlayedDataproc {
  readonly engine: PlayedEngine;
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
  /** Name of the RPC that a request is for. */
  readonly nameOf: (request: HttpRequest) => string;
  /** Answers a request; a list leaves out what was created less than `lagMs` ago. */
  readonly answer: (request: HttpRequest, lagMs: number) => Promise<HttpResponse>;
}

const PROTOS = loadProtos();
const ROUTES = compileRoutes(PROTOS.methods);
const NO_LINE = { destroy: () => undefined };
/** More than any test has at a time: who waits, waits because the test says so. */
const MANY = 10_000;

/** Starts a Dataproc without jobs. */
export function startDataproc(
  configuration: GoogleConfiguration,
  schedule: Schedule,
): PlayedDataproc {
  const { now, startTimer } = schedule;
  const permissions = new Permissions(configuration);
  const tokens = new TokenStore(() => now().getTime());
  const engine = createPlayedEngine();
  const scheduler = new Scheduler({ engine, maxConcurrentRuns: MANY, now, startTimer });
  const { root } = PROTOS;
  const { implementations } = openDataproc({
    ...{ configuration, permissions, scheduler, root },
    clock: { now, startTimer },
  });
  const faults = new FaultTable();
  const rateLimits = new RateLimits(configuration, now);
  const dispatcher = new RpcDispatcher({
    implementations,
    tokens,
    rateLimits,
    faults,
    log: undefined,
    now,
  });
  return {
    engine,
    permissions,
    tokens,
    nameOf: (request) => find(request)?.match.route.method.name ?? 'nothing',
    answer: async (request, lagMs) => {
      const found = find(request);
      if (found === undefined) return toJson(404, { error: { code: 404, status: 'NOT_FOUND' } });
      const { match, query } = found;
      const { method } = match.route;
      if (lagMs > 0 && method.name.startsWith('List')) faults.add(toLag(method.name, lagMs), 1);
      try {
        const message = await dispatcher.dispatch({
          method,
          transport: 'rest',
          token: parseBearer(request.headers['authorization']),
          line: NO_LINE,
          decode: () => decodeRequest(match, query, request.body ?? ''),
        });
        return toJson(200, encodeResponse(method.responseType, message, { numericEnums: false }));
      } catch (error) {
        const refusal = toApiError(error);
        return toJson(refusal.httpStatus, toErrorBody(refusal));
      }
    },
  };
}

function find(
  request: HttpRequest,
): { readonly match: RouteMatch; readonly query: URLSearchParams } | undefined {
  const url = new URL(request.url);
  const match = findRoute(ROUTES, request.method, url.pathname);
  return match === undefined ? undefined : { match, query: url.searchParams };
}

function toLag(rpc: string, lagMs: number): Parameters<FaultTable['add']>[0] {
  return { rpc, status: 'stale-list', delayMs: 0, lagMs, retryAfterSeconds: undefined };
}
