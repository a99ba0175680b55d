import type { AuditRange } from '../jobs/audit.ts';
import { readWhole } from './whole-number.ts';

/** Reads `limit` (1 to 100, default 20) and `next` (a cursor). @throws Problem `invalid_request`. */
export function parseAuditQuery(query: ReadonlyMap<string, string>): AuditRange {
  const limit = readWhole(query, 'limit', { least: 1, most: 100, fallback: 20 });
  return { limit, rawCursor: query.get('next') };
}
