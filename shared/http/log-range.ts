import { LOG_PAGE_BYTES, type LogRange } from '../jobs/output.ts';
import { readWhole } from './whole-number.ts';

/** Bytes: a page holds at least one whole character with room to spare. */
const LEAST_BYTES = 1024;

/** Reads `cursor` (bytes, default 0) and `limit` (bytes, 1,024 to 524,288). @throws Problem `invalid_request`. */
export function parseLogRange(query: ReadonlyMap<string, string>): LogRange {
  const cursor = readWhole(query, 'cursor', {
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    fallback: 0,
  });
  const limitBytes = readWhole(query, 'limit', {
    least: LEAST_BYTES,
    most: LOG_PAGE_BYTES.most,
    fallback: LOG_PAGE_BYTES.default,
  });
  return { cursor, limitBytes };
}
