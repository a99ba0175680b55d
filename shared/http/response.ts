import type { APIGatewayProxyResult } from 'aws-lambda';
import { PROBLEMS, type Problem, type ProblemCode } from '../problem.ts';
import { toCorsHeaders } from './cors.ts';
import { toMetadataUrl, type Edge } from './edge.ts';
import { toReachedHeaders } from './reached-limit.ts';
import type { ApiRequest } from './request.ts';

/** What a handler answers; `cacheControl` defaults to `no-store`. */
export interface ApiResponse {
  readonly status: 200 | 201 | 202 | 303;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cacheControl?: string;
}

/** Writes an answer as API Gateway wants it. Source: Lambda proxy integration, output format. */
export function toProxyResult(
  response: ApiResponse,
  request: ApiRequest,
  edge: Edge,
): APIGatewayProxyResult {
  const common = commonHeaders(request, edge);
  const vary = [response.headers?.['vary'], common['vary']].filter((names) => names !== undefined);
  return {
    statusCode: response.status,
    headers: {
      ...common,
      'content-type': 'application/json',
      'cache-control': response.cacheControl ?? 'no-store',
      ...response.headers,
      ...(vary.length === 0 ? {} : { vary: vary.join(', ') }),
    },
    body: response.body === undefined ? '' : JSON.stringify(response.body),
  };
}

/** Characters of the caller's own path that a problem repeats: those of our longest route and file path. */
const MAX_INSTANCE = 1_200;

/** Writes a problem as `application/problem+json`. Source: RFC 9457 section 3. */
export function toProblemResult(
  problem: Problem,
  request: ApiRequest,
  edge: Edge,
): APIGatewayProxyResult {
  const { status, title, retryable } = PROBLEMS[problem.code];
  const { retryAfter } = problem.extras;
  return {
    statusCode: status,
    headers: {
      ...commonHeaders(request, edge),
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...toReachedHeaders(problem.extras),
      ...challenge(problem.code, edge),
    },
    body: JSON.stringify({
      type: toProblemType(problem.code),
      title,
      status,
      detail: problem.detail,
      instance: request.path.slice(0, MAX_INSTANCE).toWellFormed(),
      code: problem.code,
      correlationId: request.correlationId,
      retryable,
      ...problem.extras,
    }),
  };
}

/** The URI that names a kind of problem. Source: RFC 9457 section 3.1.1; RFC 8141. */
function toProblemType(code: ProblemCode): string {
  return `urn:jobgate:problem:${code}`;
}

/**
 * Says how a better token is got, where one would help. Source: RFC 6750 section 3; RFC 9728 section 5.1.
 * API Gateway renames the header of a function's answer to `x-amzn-Remapped-WWW-Authenticate`; its own answers keep it.
 */
function challenge(code: ProblemCode, { publicUrl }: Edge): Readonly<Record<string, string>> {
  if (code !== 'invalid_token' && code !== 'insufficient_scope') return {};
  const metadata = publicUrl === null ? '' : `, resource_metadata="${toMetadataUrl(publicUrl)}"`;
  return { 'www-authenticate': `Bearer realm="jobgate", error="${code}"${metadata}` };
}

function commonHeaders(request: ApiRequest, edge: Edge): Readonly<Record<string, string>> {
  return {
    ...toCorsHeaders(request, edge.corsOrigins),
    'x-correlation-id': request.correlationId,
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000',
  };
}
