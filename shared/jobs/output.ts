import { Problem } from '../problem.ts';
import { isTerminal, type JobRecord } from './job.ts';
import type { JobStorage, StorageAccess, StoredObject } from './ports.ts';

/** Bytes of one page of the driver's log: default, and most that fit Lambda's 6 MB when every byte is escaped. */
export const LOG_PAGE_BYTES = { default: 65_536, most: 524_288 } as const;

/** A page of driver output. `next` is the byte to go on from; `end` tells that nothing more will come. */
export interface LogPage {
  readonly job: string;
  readonly cursor: number;
  readonly next: number;
  readonly end: boolean;
  readonly content: string;
}

/** Which part of the log is wanted: bytes from `cursor`, at most `limitBytes` (4 or more). */
export interface LogRange {
  readonly cursor: number;
  readonly limitBytes: number;
}

/** Where the log is read from, as whom, and the time. */
export interface LogSource {
  readonly storage: JobStorage;
  readonly access: StorageAccess;
  readonly now: () => Date;
}

/**
 * Reads driver output from a byte cursor over the numbered objects, ended by an empty one.
 * A character is never split; before the first object exists the page is empty.
 * @throws Problem `invalid_request` for a cursor past the end.
 */
export async function readLog(
  record: JobRecord,
  range: LogRange,
  source: LogSource,
): Promise<LogPage> {
  const parts = await listParts(record, source);
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (range.cursor > total) {
    throw new Problem('invalid_request', `The cursor is past the log’s end, byte ${total}.`);
  }
  const until = Math.min(total, range.cursor + range.limitBytes);
  const bytes = await readParts(parts, { start: range.cursor, end: until }, source);
  const complete = parts.at(-1)?.bytes === 0 || hasEndedLongAgo(record, source.now());
  const atEnd = complete && until === total;
  const whole = atEnd ? bytes : bytes.subarray(0, findCharacterEnd(bytes));
  const next = range.cursor + whole.length;
  const content = new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole);
  return { job: record.id, cursor: range.cursor, next, end: atEnd, content };
}

/** Bounds of what a failed job keeps of its log. */
const TAIL = { bytes: 8_192, lines: 20, lineCharacters: 400 } as const;

/** Reads the last lines of driver output: at most 20, each cut to 400 characters; empty when there is no output. */
export async function readLogTail(
  record: JobRecord,
  source: LogSource,
): Promise<readonly string[]> {
  const parts = await listParts(record, source);
  const total = parts.reduce((sum, part) => sum + part.bytes, 0);
  const start = Math.max(0, total - TAIL.bytes);
  const bytes = await readParts(parts, { start, end: total }, source);
  const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
  const whole = start === 0 ? lines : lines.slice(1);
  return whole
    .filter((line) => line !== '')
    .slice(-TAIL.lines)
    .map((line) => line.slice(0, TAIL.lineCharacters));
}

/** Milliseconds after which the output of an ended job counts as complete though no empty object closes it. */
const GRACE_MS = 30_000;

/** A driver that was killed may leave its output open; nothing comes after this. */
function hasEndedLongAgo(record: JobRecord, now: Date): boolean {
  if (!isTerminal(record.state)) return false;
  if (record.endedAt === null || record.driverOutputUri === null) return true;
  return now.getTime() - Date.parse(record.endedAt) > GRACE_MS;
}

async function listParts(record: JobRecord, source: LogSource): Promise<readonly StoredObject[]> {
  if (record.driverOutputUri === null) return [];
  const { objects } = await source.storage.list(`${record.driverOutputUri}.`, source.access);
  return objects.filter((object) => /\.\d{9}$/.test(object.uri));
}

async function readParts(
  parts: readonly StoredObject[],
  wanted: { readonly start: number; readonly end: number },
  source: LogSource,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const part of parts) {
    const start = Math.max(0, wanted.start - offset);
    const end = Math.min(part.bytes, wanted.end - offset);
    if (start < end) {
      pieces.push(await source.storage.readRange(part.uri, { start, end }, source.access));
    }
    offset += part.bytes;
  }
  return Buffer.concat(pieces);
}

/** Where the last complete UTF-8 character ends; bytes that are no UTF-8 at all are kept as they are. */
function findCharacterEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}
