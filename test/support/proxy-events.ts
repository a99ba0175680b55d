import type { Context } from 'aws-lambda';
import { toCallerContext, type Caller } from '../../shared/identity/caller.ts';

/** What an event says beyond its defaults. */
export interface EventParts {
  readonly caller?: Caller;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Makes an API Gateway proxy event. Source: Lambda proxy integration, input format. */
export function makeProxyEvent(parts: EventParts = {}): Readonly<Record<string, unknown>> {
  return {
    path: parts.path ?? '/v1/jobs',
    httpMethod: parts.body === undefined ? 'GET' : 'POST',
    headers: parts.headers ?? null,
    queryStringParameters: parts.query ?? null,
    pathParameters: parts.pathParameters ?? null,
    body: parts.body ?? null,
    isBase64Encoded: false,
    requestContext: {
      requestId: 'request-1',
      ...(parts.caller === undefined ? {} : { authorizer: toCallerContext(parts.caller) }),
    },
  };
}

/** A Lambda context with 28 seconds left. */
export const CONTEXT = { getRemainingTimeInMillis: () => 28_000 } as Context;
