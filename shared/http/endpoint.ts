import middy from '@middy/core';
import type { APIGatewayProxyResult, Context } from 'aws-lambda';
import { readEdgeConfig } from '../config/edge.ts';
import type { Environment } from '../config/reader.ts';
import { describeCaller, hasExpired, type Caller } from '../identity/caller.ts';
import { describeCause, type Log } from '../log.ts';
import type { Guard } from '../policy/guard.ts';
import { refuseScope } from '../policy/refusal.ts';
import { Denial, findGround, Problem, PROBLEMS, toProblem } from '../problem.ts';
import { createAuditTrail, recordDenials, type AuditTrail } from './audit-trail.ts';
import { findEdge } from './edge.ts';
import { parseRequest, type ApiRequest } from './request.ts';
import { toProblemResult, toProxyResult, type ApiResponse } from './response.ts';
import { ROUTES, type OperationId } from './routes.ts';

/** What a handler is given. */
export interface Invocation {
  readonly request: ApiRequest;
  readonly log: Log;
  /** When every outside call must have ended: the function's time-out less what the answer needs. */
  readonly deadline: Date;
}

/** An invocation by a caller whose token has not expired and has the route's scope. */
export interface AuthorizedInvocation extends Invocation {
  readonly caller: Caller;
  /** Every refusal that is thrown is recorded by the endpoint; what is allowed and worth a record, by the handler. */
  readonly audit: AuditTrail;
}

/** What an endpoint needs from outside. */
export interface EndpointOptions {
  readonly operation: OperationId;
  /** Read when a request is answered; see {@link readEdgeConfig}. */
  readonly environment: Environment;
  readonly log: Log;
  readonly now: () => Date;
}

/** What an endpoint behind the authorizer needs beside. */
export interface AuthorizedEndpointOptions extends EndpointOptions {
  readonly guard: Guard;
}

/** A Lambda handler behind API Gateway: answers every event, throws never. */
export type ProxyHandler = (event: unknown, context: Context) => Promise<APIGatewayProxyResult>;

/** Milliseconds kept for rendering the answer, and the most that upstream calls may take. */
const RESERVE_MS = 1_500;
const MOST_MS = 25_000;

/** Makes the handler of a route that needs a caller. */
export function createEndpoint(
  options: AuthorizedEndpointOptions,
  run: (invocation: AuthorizedInvocation) => Promise<ApiResponse>,
): ProxyHandler {
  return createOpenEndpoint(options, (invocation) => {
    const { request, deadline } = invocation;
    const audit = createAuditTrail(request, { ...options, deadline });
    return recordDenials(audit, async () => {
      const caller = requireCaller(options, request);
      await options.guard.admit(caller, deadline);
      return run({ ...invocation, caller, audit });
    });
  });
}

/** Makes the handler of a route that is served without a token. */
export function createOpenEndpoint(
  options: EndpointOptions,
  run: (invocation: Invocation) => Promise<ApiResponse>,
): ProxyHandler {
  let coldStart = true;
  const handler = middy()
    .use({
      onError: (failed) => {
        failed.response = answerProblem(options, parseRequest(failed.event), failed.error);
      },
    })
    .handler(async (event: unknown, context: Context): Promise<APIGatewayProxyResult> => {
      const startedAt = options.now();
      const request = parseRequest(event);
      const log = options.log.with({
        function: options.operation,
        correlationId: request.correlationId,
        requestId: request.requestId,
        ...(request.caller === undefined ? {} : { caller: describeCaller(request.caller) }),
      });
      const result = await answer(
        { options, run },
        { request, log, deadline: toDeadline(context, startedAt) },
      );
      const durationMs = options.now().getTime() - startedAt.getTime();
      log.write('info', 'answered', { status: result.statusCode, durationMs, coldStart });
      coldStart = false;
      return result;
    });
  return handler;
}

interface Work {
  readonly options: EndpointOptions;
  readonly run: (invocation: Invocation) => Promise<ApiResponse>;
}

async function answer(work: Work, invocation: Invocation): Promise<APIGatewayProxyResult> {
  try {
    const edge = readEdgeConfig(work.options.environment);
    requireAcceptable(work.options.operation, invocation.request);
    return toProxyResult(await work.run(invocation), invocation.request, edge);
  } catch (error) {
    const { options } = work;
    return answerProblem({ ...options, log: invocation.log }, invocation.request, error);
  }
}

/** Logs the cause, which the caller never sees, and renders the problem. */
function answerProblem(
  options: EndpointOptions,
  request: ApiRequest,
  thrown: unknown,
): APIGatewayProxyResult {
  const problem = toProblem(thrown);
  const { status } = PROBLEMS[problem.code];
  const ground = findGround(problem);
  options.log.write(status >= 500 ? 'error' : 'info', 'refused', {
    code: problem.code,
    ...(ground === undefined ? {} : { decision: 'deny', rule: ground.rule }),
    correlationId: request.correlationId,
    ...(problem.cause === undefined ? {} : { cause: describeCause(problem.cause) }),
  });
  return toProblemResult(problem, request, findEdge(options.environment));
}

const ACCEPTABLE = /(^|[\s,])(\*\/\*|application\/(\*|json|problem\+json))\s*($|[,;])/i;

/** Every answer is JSON but for get-job-file, whose link decides for itself. Source: RFC 9110 section 12.5.1. */
function requireAcceptable(operation: OperationId, request: ApiRequest): void {
  const accept = request.headers.get('accept');
  if (accept === undefined || operation === 'get-job-file' || ACCEPTABLE.test(accept)) return;
  throw new Problem('not_acceptable', 'Accept application/json, or leave the Accept header out.');
}

function toDeadline(context: Context | undefined, startedAt: Date): Date {
  const remainingMs = context?.getRemainingTimeInMillis() ?? MOST_MS;
  const usableMs = Math.max(0, Math.min(MOST_MS, remainingMs - RESERVE_MS));
  return new Date(startedAt.getTime() + usableMs);
}

const GET_TOKEN = 'Get a new access token and send it as a Bearer token.';

/** The cached authorizer answer may outlive the token and its policy is coarse: expiry and scope are checked again. */
function requireCaller(options: EndpointOptions, request: ApiRequest): Caller {
  const { caller, repeatedHeaders } = request;
  if (repeatedHeaders.has('authorization')) {
    throw new Denial(
      'invalid_token',
      'Send one Authorization header: which of several counts is not certain.',
      { rule: 'one-authorization' },
    );
  }
  if (caller === undefined || hasExpired(caller, options.now())) {
    const rule = caller === undefined ? 'caller' : 'token-expiry';
    throw new Denial('invalid_token', GET_TOKEN, { rule });
  }
  const { scope } = ROUTES[options.operation];
  if (scope === null || caller.scopes.includes(scope)) return caller;
  throw refuseScope(caller, scope);
}
