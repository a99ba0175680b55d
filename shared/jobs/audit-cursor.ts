import { Problem } from '../problem.ts';
import { parseJobId, type JobId, type JobRecord } from './job.ts';

/** Milliseconds since the epoch between which a job's audit records lie. */
export interface AuditWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Where reading goes on: at the first record at or after `fromMs` that was not shown yet. */
export interface AuditCursor extends AuditWindow {
  readonly job: JobId;
  /** Ids of records at `fromMs` that were shown. */
  readonly shown: readonly string[];
  /** The audit's own mark within a search that has found nothing yet; null for a new search. */
  readonly token: string | null;
}

/** Clocks of those who write records may differ by this, and a permission is older than its job. */
const MARGIN_MS = 5 * 60_000;
/** How long after its end a job's data can be asked for. Source: docs/architecture.md, retention of records. */
const RETENTION_MS = 90 * 24 * 3600_000;

/** The time in which there can be records of a job, as far as it has come. */
export function toAuditWindow(record: JobRecord, now: Date): AuditWindow {
  const submittedMs = Date.parse(record.submittedAt);
  const lastMs = record.endedAt === null ? Infinity : Date.parse(record.endedAt) + RETENTION_MS;
  return {
    fromMs: submittedMs - MARGIN_MS,
    // Not beyond now: reading the audit is recorded itself, and pages would never end.
    toMs: Math.min(lastMs, now.getTime()),
  };
}

/** Writes a cursor as text that goes into a URL as it is. */
export function formatAuditCursor(cursor: AuditCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

const MAX_CURSOR_CHARACTERS = 6_000;
/** Ids that a cursor holds: with more at one millisecond, reading goes on at the next. */
export const MAX_SHOWN = 50;

/** Reads a cursor of a job's audit. @throws Problem `invalid_request` when it is none of this job and its window. */
export function parseAuditCursor(rawCursor: string, job: JobId, window: AuditWindow): AuditCursor {
  const cursor = rawCursor.length <= MAX_CURSOR_CHARACTERS ? decode(rawCursor) : undefined;
  const inWindow =
    cursor !== undefined &&
    cursor.fromMs >= window.fromMs &&
    cursor.fromMs <= cursor.toMs &&
    cursor.toMs <= window.toMs;
  if (cursor !== undefined && inWindow && cursor.job === job) return cursor;
  throw invalidCursor();
}

/** The problem of a cursor that leads nowhere. */
export function invalidCursor(cause?: unknown): Problem {
  const detail = 'The query parameter next is no cursor of this job’s audit. Begin without it.';
  return new Problem('invalid_request', detail, {}, cause);
}

function decode(rawCursor: string): AuditCursor | undefined {
  const members = parseMembers(Buffer.from(rawCursor, 'base64url').toString());
  const [job, fromMs, toMs] = [
    parseJobId(members.get('job')),
    members.get('fromMs'),
    members.get('toMs'),
  ];
  const [shown, token] = [members.get('shown'), members.get('token')];
  if (job === undefined || !isInstant(fromMs) || !isInstant(toMs)) return undefined;
  if (!isShown(shown) || (token !== null && !isToken(token))) return undefined;
  return { job, fromMs, toMs, shown, token };
}

function parseMembers(text: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map();
  } catch (error) {
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isShown(value: unknown): value is readonly string[] {
  const isId = (id: unknown): boolean => typeof id === 'string' && id.length <= 64;
  return Array.isArray(value) && value.length <= MAX_SHOWN && value.every(isId);
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 2_048;
}
