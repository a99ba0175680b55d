import type { AuditRecord } from '../policy/audit-record.ts';
import { decideSee, type Decision } from '../policy/decision.ts';
import { decideReadAudit } from '../policy/read-audit.ts';
import { refuseAudit } from '../policy/refusal.ts';
import {
  formatAuditCursor,
  MAX_SHOWN,
  parseAuditCursor,
  toAuditWindow,
  type AuditCursor,
} from './audit-cursor.ts';
import { findJob, toAudited, type AllowedJob, type BrowseRequest } from './browse.ts';
import type { JobRecord } from './job.ts';
import type { AuditReader, JobRecords } from './ports.ts';

/**
 * Finds a job whose audit the caller may read.
 * @throws Problem `job_not_found`; `insufficient_scope` for one who sees the job but may not read its audit.
 */
export async function findAuditedJob(
  request: BrowseRequest,
  records: JobRecords,
): Promise<AllowedJob> {
  return findJob(request, records, (record): Decision => {
    const decision = decideReadAudit(request.caller, record);
    if (decision.kind === 'allow' || decideSee(request.caller, record).kind === 'deny') {
      return decision;
    }
    throw refuseAudit(request.caller, toAudited(record), decision);
  });
}

/** What is wanted of a job's audit; `limit` is 1 to 100. */
export interface AuditRange {
  readonly limit: number;
  readonly rawCursor: string | undefined;
}

/** Records oldest first, each once; `next` is the cursor to go on with, if there may be more. */
export interface JobAuditPage {
  readonly records: readonly AuditRecord[];
  readonly next: string | undefined;
}

/** What reading a job's audit needs from outside. */
export interface JobAuditPorts {
  readonly audit: AuditReader;
  readonly now: () => Date;
  readonly deadline: Date;
}

/**
 * Reads the audit of a job, what still waits in its outbox included. A page may hold fewer records than asked for, even
 * none, and yet have a `next`: the search through the time since the job is bounded per request.
 * @throws Problem `invalid_request` for a cursor that is none of this job's; upstream problems.
 */
export async function readJobAudit(
  record: JobRecord,
  range: AuditRange,
  ports: JobAuditPorts,
): Promise<JobAuditPage> {
  const window = toAuditWindow(record, ports.now());
  const cursor =
    range.rawCursor === undefined
      ? { ...window, job: record.id, shown: [], token: null }
      : parseAuditCursor(range.rawCursor, record.id, window);
  const search = await searchAudit(cursor, range.limit, ports);
  const found = mergeOutbox(search, record.outbox, cursor);
  const records = found.slice(0, range.limit);
  const hasMore = found.length > records.length || search.token !== null;
  const next = hasMore ? formatAuditCursor(advance(cursor, records, search.token)) : undefined;
  return { records, next };
}

/** Pages that one request reads from the audit, which takes 5 reads a second. Source: CloudWatch Logs quotas. */
const MAX_PAGES = 3;

/** What a search found of records that were not shown; `token` is null when it came to the window's end. */
interface Search {
  readonly found: readonly AuditRecord[];
  readonly token: string | null;
}

async function searchAudit(
  cursor: AuditCursor,
  limit: number,
  { audit, deadline }: JobAuditPorts,
): Promise<Search> {
  const found = new Map<string, AuditRecord>();
  const { job, fromMs, toMs } = cursor;
  let { token } = cursor;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const answer = await audit.read({ job, fromMs, toMs, token }, deadline);
    for (const record of answer.records) {
      if (isUnseen(record, cursor) && !found.has(record.id)) found.set(record.id, record);
    }
    ({ token } = answer);
    if (token === null || found.size > limit) break;
  }
  return { found: [...found.values()].sort(byTime), token };
}

function isUnseen(record: AuditRecord, cursor: AuditCursor): boolean {
  const atMs = Date.parse(record.timestamp);
  const isInside = atMs >= cursor.fromMs && atMs <= cursor.toMs;
  return isInside && record.jobId === cursor.job && !cursor.shown.includes(record.id);
}

/** Adds what waits in the outbox, up to where the search has come. */
function mergeOutbox(
  { found, token }: Search,
  outbox: readonly AuditRecord[],
  cursor: AuditCursor,
): readonly AuditRecord[] {
  const last = found.at(-1)?.timestamp ?? '';
  const known = new Set(found.map((record) => record.id));
  const waiting = outbox
    .filter((record) => isUnseen(record, cursor) && !known.has(record.id))
    .filter((record) => token === null || record.timestamp <= last);
  return [...found, ...waiting].sort(byTime);
}

/** A cursor behind what was shown; the audit's own mark is of use only while nothing was. */
function advance(
  cursor: AuditCursor,
  shown: readonly AuditRecord[],
  token: string | null,
): AuditCursor {
  const last = shown.at(-1);
  if (last === undefined) return { ...cursor, token };
  const fromMs = Date.parse(last.timestamp);
  const before = fromMs === cursor.fromMs ? cursor.shown : [];
  const ids = shown.filter((each) => each.timestamp === last.timestamp).map((each) => each.id);
  const all = [...before, ...ids];
  return all.length > MAX_SHOWN
    ? { ...cursor, fromMs: fromMs + 1, shown: [], token: null }
    : { ...cursor, fromMs, shown: all, token: null };
}

/** Timestamps are of one form, so that their order is that of their texts. */
function byTime(one: AuditRecord, other: AuditRecord): number {
  return one.timestamp < other.timestamp ? -1 : one.timestamp > other.timestamp ? 1 : 0;
}
