import type { ApiRequest } from './request.ts';

/** One entry of a list whose quoted values may hold commas; an open quotation goes to the end, so it takes one pass. */
const ENTRY = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;

/**
 * Reads the names, in lower case, of what a request prefers. Nobody has to honour a preference, so one that is unknown or
 * malformed is no fault; what an answer did honour, it names in `Preference-Applied`. Source: RFC 7240 sections 2 and 3.
 */
export function readPreferences(request: Pick<ApiRequest, 'headers'>): ReadonlySet<string> {
  const entries = request.headers.get('prefer')?.match(ENTRY) ?? [];
  return new Set(
    entries.map((entry) =>
      entry
        .replace(/[=;].*$/s, '')
        .trim()
        .toLowerCase(),
    ),
  );
}
