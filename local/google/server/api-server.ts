import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError, toErrorBody } from '../api/api-error.ts';
import { findRetrySeconds } from '../api/error-details.ts';
import type { FaultTable, Line } from '../api/faults.ts';
import { type Answer, parseTarget, ResponseLine, sendAnswer } from '../api/http-exchange.ts';
import type { RpcCall } from '../api/rpc-call.ts';
import { findPageRefusal, readSender } from '../api/web-page.ts';
import { answerLocally, type LocalRoutesOptions } from './local-routes.ts';
import { toApiError } from './refusal.ts';
import type { RestServices } from './rest.ts';

/** What the HTTP server of Google's services needs. */
interface ApiServerOptions {
  readonly rest: RestServices;
  /** Finds a call of what has no protos here; those come before the RPCs. */
  readonly findCall: (request: IncomingMessage) => RpcCall | undefined;
  readonly faults: FaultTable;
  /** Undefined when there are no routes under /_local/. */
  readonly local: LocalRoutesOptions | undefined;
}

/** Makes the HTTP server of Google's services, whose paths do not overlap. */
export function makeApiServer(options: ApiServerOptions): Server {
  return createServer((request, response) => {
    respond(request, response, options).catch((error: unknown) => {
      process.stderr.write(`google: ${String(error)}\n`);
      response.destroy();
    });
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiServerOptions,
): Promise<void> {
  const line = new ResponseLine(response);
  const result = await answer(request, response, { ...options, line }).catch(toErrorAnswer);
  request.resume();
  if (!response.destroyed) await sendAnswer(response, result, { cut: line.isCut });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { line, local, faults, findCall, rest }: ApiServerOptions & { readonly line: Line },
): Promise<Answer> {
  const refusal = findPageRefusal(readSender(request));
  if (refusal !== undefined) throw new ApiError('PERMISSION_DENIED', refusal);
  const { pathname } = parseTarget(request);
  if (local !== undefined && pathname.startsWith('/_local/'))
    return answerLocally(request, response, local);
  const call = findCall(request);
  if (call !== undefined) return faults.intercept(call.rpc, line, call.run);
  const answerRpc = rest.find(request);
  if (answerRpc !== undefined) return answerRpc(line);
  throw new ApiError('NOT_FOUND', `Nothing is at ${request.method ?? 'GET'} ${pathname}.`);
}

function toErrorAnswer(error: unknown): Answer {
  const refusal = toApiError(error);
  const challenge = { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' };
  const seconds = findRetrySeconds(refusal);
  const headers = {
    ...(refusal.status === 'UNAUTHENTICATED' ? challenge : {}),
    ...(seconds === undefined ? {} : { 'retry-after': seconds }),
  };
  return { status: refusal.httpStatus, body: toErrorBody(refusal), headers };
}
