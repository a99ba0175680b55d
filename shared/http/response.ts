import type { APIGatewayProxyResult } from 'aws-lambda';
import { PROBLEMS, type Problem, type ProblemCode } from '../problem.ts';
import type { ApiRequest } from './request.ts';

/** What a handler answers; `cacheControl` defaults to `no-store`. */
export interface ApiResponse {
  readonly status: 200 | 202 | 303;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cacheControl?: string;
}

/** Writes an answer as API Gateway wants it. Source: Lambda proxy integration, output format. */
export function toProxyResult(response: ApiResponse, request: ApiRequest): APIGatewayProxyResult {
  return {
    statusCode: response.status,
    headers: {
      ...commonHeaders(request),
      'content-type': 'application/json',
      'cache-control': response.cacheControl ?? 'no-store',
      ...response.headers,
    },
    body: response.body === undefined ? '' : JSON.stringify(response.body),
  };
}

/** Writes a problem as `application/problem+json`. Source: RFC 9457 section 3. */
export function toProblemResult(problem: Problem, request: ApiRequest): APIGatewayProxyResult {
  const { status, title, retryable } = PROBLEMS[problem.code];
  const { retryAfter } = problem.extras;
  return {
    statusCode: status,
    headers: {
      ...commonHeaders(request),
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(status === 401
        ? { 'www-authenticate': 'Bearer realm="jobgate", error="invalid_token"' }
        : {}),
      ...(problem.code === 'insufficient_scope'
        ? { 'www-authenticate': 'Bearer realm="jobgate", error="insufficient_scope"' }
        : {}),
    },
    body: JSON.stringify({
      type: toProblemType(problem.code),
      title,
      status,
      detail: problem.detail,
      instance: request.path,
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

function commonHeaders(request: ApiRequest): Readonly<Record<string, string>> {
  return {
    'x-correlation-id': request.correlationId,
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000',
  };
}
