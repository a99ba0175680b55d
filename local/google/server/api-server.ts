import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError, toErrorBody } from '../api/api-error.ts';
import type { RpcCall } from '../api/rpc-call.ts';
import { type FaultTable, parseFault } from '../api/faults.ts';
import { type Answer, parseTarget, readBody, sendAnswer } from '../api/http-exchange.ts';
import { findIamCredentialsCall, type IamCredentialsOptions } from '../identity/iam-credentials.ts';
import { parseJson, ShapeError } from '../shape.ts';
import { exchangeToken, type StsOptions } from '../identity/sts.ts';
import type { RestServices } from './rest.ts';

const maxFaultBytes = 64 * 1024;

/** What the server of Dataproc, STS and IAM Credentials needs. */
export interface ApiServerOptions {
  readonly rest: RestServices;
  readonly sts: StsOptions;
  readonly iamCredentials: IamCredentialsOptions;
  readonly faults: FaultTable;
  /** Whether the routes under /_local/ exist. */
  readonly faultRoutes: boolean;
}

/** Makes the server of Dataproc, STS and IAM Credentials, whose paths do not overlap. */
export function makeApiServer(options: ApiServerOptions): Server {
  return createServer((request, response) => {
    answer(request, response, options)
      .catch((error: unknown) => toErrorAnswer(error))
      .then((result) => {
        request.resume();
        if (!response.destroyed) sendAnswer(response, result);
      })
      .catch((error: unknown) => {
        process.stderr.write(`google: ${String(error)}\n`);
        response.destroy();
      });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiServerOptions,
): Promise<Answer> {
  const { pathname } = parseTarget(request);
  if (options.faultRoutes && pathname.startsWith('/_local/'))
    return answerLocally(request, pathname, options.faults);
  const call = findCall(request, options);
  if (call === undefined)
    throw new ApiError('NOT_FOUND', `Nothing is at ${request.method ?? 'GET'} ${pathname}.`);
  return options.faults.intercept(call.rpc, response, call.run);
}

function findCall(request: IncomingMessage, options: ApiServerOptions): RpcCall | undefined {
  const { pathname } = parseTarget(request);
  if (request.method === 'POST' && pathname === '/v1/token')
    return { rpc: 'token', run: () => exchangeToken(request, options.sts) };
  return findIamCredentialsCall(request, options.iamCredentials) ?? options.rest.find(request);
}

async function answerLocally(
  request: IncomingMessage,
  pathname: string,
  faults: FaultTable,
): Promise<Answer> {
  const route = `${request.method ?? 'GET'} ${pathname}`;
  if (route === 'GET /_local/requests') return { status: 200, body: faults.counts() };
  if (route === 'DELETE /_local/faults') {
    faults.clear();
    return { status: 200, body: {} };
  }
  if (route !== 'POST /_local/faults') throw new ApiError('NOT_FOUND', `Nothing is at ${route}.`);
  const text = (await readBody(request, maxFaultBytes)).toString('utf8');
  const { fault, count } = parseFault(parseJson(text, 'the fault'));
  faults.add(fault, count);
  return { status: 200, body: {} };
}

function toErrorAnswer(error: unknown): Answer {
  const refusal = toApiError(error);
  const headers =
    refusal.status === 'UNAUTHENTICATED'
      ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' }
      : {};
  return { status: refusal.httpStatus, body: toErrorBody(refusal), headers };
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ShapeError) return new ApiError('INVALID_ARGUMENT', `${error.message}.`);
  process.stderr.write(`google: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
  return new ApiError('INTERNAL', 'Internal error encountered.');
}
