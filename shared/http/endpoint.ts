import middy from '@middy/core';
import type { APIGatewayProxyResult, Context } from 'aws-lambda';
import { describeCaller, type Caller } from '../identity/caller.ts';
import { describeCause, type Log } from '../log.ts';
import { Problem, PROBLEMS, toProblem, type ProblemCode } from '../problem.ts';
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
}

/** What an endpoint needs from outside. */
export interface EndpointOptions {
  readonly operation: OperationId;
  readonly log: Log;
  readonly now: () => Date;
}

/** A Lambda handler behind API Gateway: answers every event, throws never. */
export type ProxyHandler = (event: unknown, context: Context) => Promise<APIGatewayProxyResult>;

/** Milliseconds kept for rendering the answer, and the most that upstream calls may take. */
const RESERVE_MS = 1_500;
const MOST_MS = 25_000;

/** Makes the handler of a route that needs a caller. */
export function createEndpoint(
  options: EndpointOptions,
  run: (invocation: AuthorizedInvocation) => Promise<ApiResponse>,
): ProxyHandler {
  return createOpenEndpoint(options, (invocation) =>
    run({ ...invocation, caller: requireCaller(options, invocation.request) }),
  );
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
    requireAcceptable(work.options.operation, invocation.request);
    return toProxyResult(await work.run(invocation), invocation.request);
  } catch (error) {
    const { options } = work;
    return answerProblem({ ...options, log: invocation.log }, invocation.request, error);
  }
}

/** Refusals of a person rather than of a request; `template_forbidden` is audited where it is decided, with its rule. */
const DENIALS: ReadonlySet<ProblemCode> = new Set([
  'invalid_token',
  'insufficient_scope',
  'job_not_found',
]);

/** Logs the cause, which the caller never sees, and renders the problem. */
function answerProblem(
  options: EndpointOptions,
  request: ApiRequest,
  thrown: unknown,
): APIGatewayProxyResult {
  const problem = toProblem(thrown);
  const { status } = PROBLEMS[problem.code];
  const denied = DENIALS.has(problem.code);
  const level = status >= 500 ? 'error' : denied ? 'audit' : 'info';
  options.log.write(level, 'refused', {
    code: problem.code,
    ...(denied ? { action: options.operation, decision: 'deny' } : {}),
    correlationId: request.correlationId,
    ...(problem.cause === undefined ? {} : { cause: describeCause(problem.cause) }),
  });
  return toProblemResult(problem, request);
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

/** The cached authorizer answer may outlive the token and its policy is coarse: expiry and scope are checked again. */
function requireCaller(options: EndpointOptions, request: ApiRequest): Caller {
  const { caller, repeatedHeaders } = request;
  if (repeatedHeaders.has('authorization')) {
    throw new Problem(
      'invalid_token',
      'Send one Authorization header: which of several counts is not certain.',
    );
  }
  if (caller === undefined || caller.expiresAt.getTime() <= options.now().getTime()) {
    throw new Problem('invalid_token', 'Get a new access token and send it as a Bearer token.');
  }
  const { scope } = ROUTES[options.operation];
  if (scope === null || caller.scopes.includes(scope)) return caller;
  throw new Problem('insufficient_scope', `This operation needs the scope ${scope}.`, {
    caller: { issuer: caller.issuer, subject: caller.subject, client: caller.client },
    missing: [`scope ${scope}`],
  });
}
