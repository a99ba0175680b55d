import { ApiError } from '../api/api-error.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { SecretVersion } from './secret-version.ts';

/** Google leaves the size of a page to the server when none is asked for, and caps it at 25,000. */
const pageSizes = { byDefault: 100, max: 25_000 };
const maxFilterLength = 200;

/** One page of a list, and the token of the next one, which is empty after the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/**
 * Cuts the page that a request asks for out of a list whose newest item is the first: a token counts
 * the items that are left, so that it holds its place while items are added. @throws ApiError
 */
export function cutPage<T>(items: readonly T[], request: PlainMessage): Page<T> {
  const asked = typeof request['pageSize'] === 'number' ? request['pageSize'] : 0;
  if (asked < 0) throw new ApiError('INVALID_ARGUMENT', 'pageSize must not be negative.');
  const size = asked === 0 ? pageSizes.byDefault : Math.min(asked, pageSizes.max);
  const start = items.length - parseToken(request['pageToken'], items.length);
  const left = items.length - start - size;
  return {
    items: items.slice(start, start + size),
    nextPageToken: left > 0 ? Buffer.from(`left:${left}`).toString('base64url') : '',
  };
}

function parseToken(token: unknown, length: number): number {
  if (typeof token !== 'string' || token === '') return length;
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const left = Number(/^left:([1-9]\d{0,8})$/.exec(text)?.[1]);
  if (!(left <= length)) throw new ApiError('INVALID_ARGUMENT', 'The page token is not valid.');
  return left;
}

/**
 * Parses a filter on versions, of which only states are known here: `state:ENABLED`, or several
 * with OR. Source: https://cloud.google.com/secret-manager/docs/filtering @throws ApiError
 */
export function parseVersionFilter(filter: unknown): (version: SecretVersion) => boolean {
  if (typeof filter !== 'string' || filter.trim() === '') return () => true;
  const terms = filter
    .slice(0, maxFilterLength + 1)
    .trim()
    .split(/\s+OR\s+/);
  const states = terms.map(
    (term) => /^state\s?[:=]\s?(ENABLED|DISABLED|DESTROYED)$/.exec(term)?.[1],
  );
  if (filter.length > maxFilterLength || states.includes(undefined))
    throw new ApiError(
      'INVALID_ARGUMENT',
      'The local Secret Manager filters by state only, like state:ENABLED OR state:DISABLED.',
    );
  return (version) => states.includes(version.state);
}
