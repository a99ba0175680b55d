import type { AuditRecord } from '../policy/audit-record.ts';
import { unrecorded, type Guard } from '../policy/guard.ts';
import { Problem } from '../problem.ts';
import type { JobRecord } from './job.ts';
import type { JobRecords } from './ports.ts';

/** What the outbox of a job needs from outside. */
export interface OutboxPorts {
  readonly record: Guard['record'];
  readonly now: () => Date;
}

/** What an outbox that changes needs beside. */
export interface StoredOutboxPorts extends OutboxPorts {
  readonly records: JobRecords;
}

/** Milliseconds that delivering may take while a caller waits: what is not delivered by then stays on the item. */
const DELIVERY_MS = 3_000;

/** Milliseconds after which an entry is anybody's: until then the request that wrote it is still delivering it. */
const ANYBODYS_AFTER_MS = 30_000;

/** Writes entries to the audit, oldest first, and gives those that it did not take: they must stay on the item. */
export async function deliver(
  entries: readonly AuditRecord[],
  deadline: Date,
  ports: OutboxPorts,
): Promise<readonly AuditRecord[]> {
  const until = new Date(Math.min(deadline.getTime(), ports.now().getTime() + DELIVERY_MS));
  for (const [index, entry] of entries.entries()) {
    if (!(await isDelivered(entry, until, ports))) return entries.slice(index);
  }
  return [];
}

async function isDelivered(entry: AuditRecord, until: Date, ports: OutboxPorts): Promise<boolean> {
  try {
    await ports.record(entry, until);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Delivers what another request left on a job's item, and gives the record without what was delivered. */
export async function deliverLeft(
  record: JobRecord,
  deadline: Date,
  ports: OutboxPorts,
): Promise<JobRecord> {
  if (record.outbox.length === 0) return record;
  const oldest = ports.now().getTime() - ANYBODYS_AFTER_MS;
  const due = record.outbox.filter((entry) => Date.parse(entry.timestamp) <= oldest);
  const left = await deliver(due, deadline, ports);
  const delivered = new Set(due.slice(0, due.length - left.length));
  if (delivered.size === 0) return record;
  return { ...record, outbox: record.outbox.filter((entry) => !delivered.has(entry)) };
}

/** As {@link deliverLeft}, for a record that nothing else replaces: gives it as it is stored then. */
export async function settleOutbox(
  record: JobRecord,
  deadline: Date,
  ports: StoredOutboxPorts,
): Promise<JobRecord> {
  const settled = await deliverLeft(record, deadline, ports);
  if (settled === record) return record;
  const next = { ...settled, version: record.version + 1 };
  return (await ports.records.replace(next, deadline)) === 'replaced' ? next : record;
}

/**
 * Entries that an item holds at most of what callers did, and of what Jobgate itself did, so that it stays far below
 * DynamoDB's 400 kB. What Jobgate decides once for a job has one id for each of its few rules, and always has room.
 */
const MAX_ENTRIES = 10;

/** The rule under which Jobgate itself acts again and again, as long as that has no effect: a cancellation is repeated. */
export const REPEATED_RULE = 'cancel-again';

function hasRoom({ outbox }: JobRecord, entry: AuditRecord): boolean {
  const unasked = isUnasked(entry);
  if (unasked && entry.rule !== REPEATED_RULE) return true;
  return outbox.filter((each) => isUnasked(each) === unasked).length < MAX_ENTRIES;
}

function isUnasked({ action }: AuditRecord): boolean {
  return action === 'sweep-jobs';
}

/** Attempts to add an entry to an item that others write at the same time. */
const ATTEMPTS = 4;

/**
 * Records one more decision about a job that is there: in the audit or, when that does not take it, on the job's item.
 * Gives the record as it is stored then.
 * @throws Problem `upstream_unavailable` when it can be recorded nowhere; upstream problems of the store.
 */
export async function recordOnJob(
  known: JobRecord,
  decision: AuditRecord,
  { deadline, ports }: { readonly deadline: Date; readonly ports: StoredOutboxPorts },
): Promise<JobRecord> {
  const [undelivered] = await deliver([decision], deadline, ports);
  if (undelivered === undefined) return known;
  let record = known;
  for (let attempt = 1; attempt <= ATTEMPTS && hasRoom(record, undelivered); attempt += 1) {
    const waits = record.outbox.some(({ id }) => id === undelivered.id);
    if (waits && isUnasked(undelivered)) return record;
    const outbox = [...record.outbox, undelivered];
    const next = { ...record, version: record.version + 1, outbox };
    if ((await ports.records.replace(next, deadline)) === 'replaced') return next;
    record = (await ports.records.find(record.id, deadline)) ?? record;
  }
  throw unrecorded();
}
