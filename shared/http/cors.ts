import type { ApiRequest } from './request.ts';

/**
 * Header names that a page of a listed origin may read beside the few that it always may; API Gateway renames a
 * function's WWW-Authenticate, so both names are there.
 */
export const EXPOSED_HEADERS = [
  'Content-Range',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Amzn-Remapped-WWW-Authenticate',
  'X-Correlation-Id',
] as const;

/**
 * The headers that let a page of a listed origin read an answer: empty when no origin is listed. An origin is compared,
 * never reflected unseen, and credentials (cookies) are never allowed: callers send a token.
 * Source: Fetch Standard, CORS protocol and HTTP caches (`Vary: Origin` on every answer that could differ).
 */
export function toCorsHeaders(
  request: ApiRequest,
  origins: readonly string[],
): Readonly<Record<string, string>> {
  if (origins.length === 0) return {};
  const origin = request.headers.get('origin');
  if (origin === undefined || !origins.includes(origin) || request.repeatedHeaders.has('origin')) {
    return { vary: 'Origin' };
  }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
  };
}
