import { invalid, numberOf, textOr } from './request-fields.ts';
import type { Table } from '../shape.ts';

/** How many items a page has. */
interface PageSize {
  readonly byDefault: number;
  readonly max: number;
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Takes the page that `pageSize` and `pageToken` of a request ask for out of a list from the newest
 * item on. A page begins below the sequence number in its token, so that what is created meanwhile
 * moves nothing.
 * @throws ApiError INVALID_ARGUMENT
 */
export function takePage<T extends { readonly sequence: number }>(
  newestFirst: readonly T[],
  request: Table,
  size: PageSize,
): Page<T> {
  const before = parsePageToken(textOr(request, 'pageToken', ''));
  const rest = newestFirst.filter(({ sequence }) => sequence < before);
  const items = rest.slice(0, toPageSize(numberOf(request, 'pageSize'), size));
  const last = items.at(-1);
  const isLast = last === undefined || rest.length === items.length;
  return { items, nextPageToken: isLast ? '' : toPageToken(last.sequence) };
}

function toPageToken(sequence: number): string {
  return Buffer.from(`before:${sequence}`).toString('base64url');
}

function parsePageToken(token: string): number {
  if (token === '') return Number.POSITIVE_INFINITY;
  const text = Buffer.from(token.slice(0, 100), 'base64url').toString();
  const sequence = /^before:([1-9]\d{0,14})$/.exec(text)?.[1];
  if (sequence === undefined) throw invalid('The page token is not valid.');
  return Number(sequence);
}

function toPageSize(asked: number, { byDefault, max }: PageSize): number {
  if (asked < 0) throw invalid('pageSize must not be negative.');
  return asked === 0 ? byDefault : Math.min(asked, max);
}
