import type { AuditAnswer, AuditQuery, AuditReader } from '../../shared/jobs/ports.ts';
import type { AuditRecord } from '../../shared/policy/audit-record.ts';

/** An audit in memory. It filters by time alone, as an emulator does, and remembers what it was asked. */
export interface MemoryAudit extends AuditReader {
  readonly queries: readonly AuditQuery[];
}

/** Makes an audit that holds records and gives them in pages; `emptyPages` come before each page that has any. */
export function createMemoryAudit(
  held: readonly AuditRecord[],
  options: { readonly pageSize?: number; readonly emptyPages?: number } = {},
): MemoryAudit {
  const { pageSize = 1_000, emptyPages = 0 } = options;
  const queries: AuditQuery[] = [];
  return {
    queries,
    read: (query) => {
      queries.push(query);
      const inside = held
        .filter(({ timestamp }) => isInside(Date.parse(timestamp), query))
        .sort((one, other) => one.timestamp.localeCompare(other.timestamp));
      return Promise.resolve(toAnswer(inside, query.token ?? '0', { pageSize, emptyPages }));
    },
  };
}

function isInside(atMs: number, { fromMs, toMs }: AuditQuery): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

function toAnswer(
  inside: readonly AuditRecord[],
  token: string,
  { pageSize, emptyPages }: { readonly pageSize: number; readonly emptyPages: number },
): AuditAnswer {
  const step = Number(token);
  const isEmpty = step % (emptyPages + 1) < emptyPages;
  const page = Math.floor(step / (emptyPages + 1));
  const records = isEmpty ? [] : inside.slice(page * pageSize, (page + 1) * pageSize);
  const isLast = !isEmpty && (page + 1) * pageSize >= inside.length;
  return { records, token: isLast ? null : String(step + 1) };
}
