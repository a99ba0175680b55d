import { toDueRecord } from '../jobs/due.ts';
import { isTerminal, type JobRecord } from '../jobs/job.ts';
import type { AttributeValue } from './attribute-value.ts';
import { toDueAttributes, type DueAttributes } from './due-item.ts';

/**
 * Attributes beside the document: the key, the version that conditions read, what the index of due records shows while it
 * is due, and DynamoDB's time to live.
 */
export interface JobItem extends Partial<DueAttributes> {
  readonly jobId: AttributeValue;
  readonly version: AttributeValue;
  readonly state: AttributeValue;
  readonly document: AttributeValue;
  /** Audit records that are still to be delivered; absent when there are none. */
  readonly outbox?: AttributeValue;
  readonly expiresAtSeconds?: AttributeValue;
  /** The keys of the limits that the job holds; absent when none, which the writes that move counters ask for. */
  readonly held?: AttributeValue;
}

/** Writes a record as an item: the whole record is one JSON document, what DynamoDB itself reads stands beside it. */
export function toItem(record: JobRecord): JobItem {
  const { outbox, ...document } = record;
  const due = toDueRecord(record);
  return {
    jobId: { S: record.id },
    version: { N: String(record.version) },
    state: { S: record.state },
    document: { S: JSON.stringify(document) },
    ...(outbox.length === 0 ? {} : { outbox: { S: JSON.stringify(outbox) } }),
    ...(holdsLimits(record) ? { held: { SS: record.holds.map(({ key }) => key) } } : {}),
    ...(due === undefined ? {} : toDueAttributes(due)),
    // What waits to be announced or delivered is known nowhere else: it does not go with the item's time.
    ...(record.expiresAtSeconds === null || due !== undefined
      ? {}
      : { expiresAtSeconds: { N: String(record.expiresAtSeconds) } }),
  };
}

function holdsLimits(record: JobRecord): boolean {
  return record.holds.length > 0 && !isTerminal(record.state);
}

/** What a record that was written without these members means. */
const ABSENT = {
  handle: null,
  openStartAt: null,
  holds: [],
  cost: null,
  usage: null,
  announced: [],
  cancelReason: null,
  missingSince: null,
} as const;

/** Reads a record that {@link toItem} wrote. @throws Error when the item is not one: a bug, not a caller's fault. */
export function parseItem(item: unknown): JobRecord {
  const text = readText(item, 'document');
  if (text === undefined) throw new Error('the item holds no document');
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('id' in value) || !('version' in value)) {
    throw new Error('the document is no job record');
  }
  const outbox: unknown = JSON.parse(readText(item, 'outbox') ?? '[]');
  if (!Array.isArray(outbox)) throw new Error('the outbox is no list');
  return { ...ABSENT, ...value, outbox } as unknown as JobRecord;
}

function readText(item: unknown, name: string): string | undefined {
  const value = readMember(readMember(item, name), 'S');
  return typeof value === 'string' ? value : undefined;
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map(Object.entries(value)).get(name)
    : undefined;
}
