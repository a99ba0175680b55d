import type { AttributeValue } from './attribute-value.ts';
import type { JobRecord } from '../jobs/job.ts';

/** Attributes beside the document: the key, the version that conditions read, and DynamoDB's time to live. */
export interface JobItem {
  readonly jobId: AttributeValue;
  readonly version: AttributeValue;
  readonly state: AttributeValue;
  readonly document: AttributeValue;
  readonly expiresAtSeconds?: AttributeValue;
}

/** Writes a record as an item: the whole record is one JSON document, what DynamoDB itself reads stands beside it. */
export function toItem(record: JobRecord): JobItem {
  return {
    jobId: { S: record.id },
    version: { N: String(record.version) },
    state: { S: record.state },
    document: { S: JSON.stringify(record) },
    ...(record.expiresAtSeconds === null
      ? {}
      : { expiresAtSeconds: { N: String(record.expiresAtSeconds) } }),
  };
}

/** Reads a record that {@link toItem} wrote. @throws Error when the item is not one: a bug, not a caller's fault. */
export function parseItem(item: unknown): JobRecord {
  const document =
    typeof item === 'object' && item !== null && 'document' in item ? item.document : undefined;
  const text =
    typeof document === 'object' && document !== null && 'S' in document ? document.S : undefined;
  if (typeof text !== 'string') throw new Error('the item holds no document');
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('id' in value) || !('version' in value)) {
    throw new Error('the document is no job record');
  }
  return value as JobRecord;
}
