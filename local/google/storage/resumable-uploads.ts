import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBody } from '../api/http-exchange.ts';
import type { StorageUri } from '../storage-uri.ts';
import type { Conditions } from './conditions.ts';
import { type StorageAnswer, toJsonAnswer } from './storage-answer.ts';
import { StorageError } from './storage-error.ts';
import type { StoredObjects } from './stored-objects.ts';

/** Bounds memory: past it the oldest session ends. */
const maxSessions = 64;
const maxBytes = 1024 * 1024 * 1024;

interface Session {
  readonly object: StorageUri;
  readonly contentType: string;
  readonly conditions: Conditions;
  readonly chunks: Buffer[];
  received: number;
  /** Answer of an upload that has ended. */
  answer: Promise<string> | undefined;
}

interface ByteRange {
  /** Undefined when the request only asks how far the upload is. */
  readonly start: number | undefined;
  /** Undefined while the caller does not know it. */
  readonly total: number | undefined;
}

/**
 * Uploads in several requests. The URI of a session is a credential by itself, as at Google: whoever
 * knows it may go on. Source: https://cloud.google.com/storage/docs/resumable-uploads
 */
export class ResumableUploads {
  readonly #objects: StoredObjects;
  readonly #sessions = new Map<string, Session>();

  constructor(objects: StoredObjects) {
    this.#objects = objects;
  }

  /** Begins an upload and returns its id, which cannot be guessed. */
  begin(object: StorageUri, contentType: string, conditions: Conditions): string {
    const id = randomBytes(32).toString('base64url');
    const start = { chunks: [], received: 0, answer: undefined };
    this.#sessions.set(id, { object, contentType, conditions, ...start });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
    return id;
  }

  /** Takes the next part of an upload, and ends it with its last part. @throws StorageError */
  async continue(id: string, bucket: string, request: IncomingMessage): Promise<StorageAnswer> {
    const session = this.#sessions.get(id);
    if (session?.object.bucket !== bucket)
      throw new StorageError('NoSuchUpload', 'The upload session does not exist or has ended.');
    const rangeText = request.headers['content-range'];
    const body = await readBody(request, this.#free());
    const range = parseRange(rangeText, body.length);
    if (session.answer !== undefined) return toJsonAnswer(await session.answer);
    if (range.start !== undefined) append(session, body, range.start);
    if (range.total !== undefined && session.received > range.total)
      throw new StorageError('InvalidArgument', 'The upload is longer than was said.');
    if (session.received !== range.total) return incomplete(session);
    session.answer = this.#finish(session);
    session.answer.catch(() => this.#sessions.delete(id));
    return toJsonAnswer(await session.answer);
  }

  /** Ends an upload without an object. @throws StorageError */
  cancel(id: string): StorageAnswer {
    if (!this.#sessions.delete(id))
      throw new StorageError('NoSuchUpload', 'The upload session does not exist or has ended.');
    return { status: 499, headers: {}, body: '' };
  }

  #finish({ object, contentType, conditions, chunks }: Session): Promise<string> {
    const content = Buffer.concat(chunks);
    chunks.length = 0;
    return this.#objects.write(object, { content, contentType, conditions });
  }

  #free(): number {
    const held = [...this.#sessions.values()].flatMap(({ chunks }) => chunks);
    return Math.max(0, maxBytes - held.reduce((bytes, chunk) => bytes + chunk.length, 0));
  }
}

function parseRange(text: string | undefined, length: number): ByteRange {
  if (text === undefined) return { start: 0, total: length };
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/.exec(text);
  const [, start, end, total] = match ?? [];
  const isWhole = start === undefined ? length === 0 : Number(end) - Number(start) + 1 === length;
  if (match === null || !isWhole)
    throw new StorageError('InvalidArgument', 'The Content-Range does not fit the body.');
  return {
    start: start === undefined ? undefined : Number(start),
    total: total === '*' ? undefined : Number(total),
  };
}

/** What was received already may come again, after an answer that was lost. */
function append(session: Session, body: Buffer, start: number): void {
  if (start > session.received)
    throw new StorageError('InvalidArgument', `Only ${session.received} bytes were received.`);
  const next = body.subarray(session.received - start);
  session.chunks.push(next);
  session.received += next.length;
}

function incomplete({ received }: Session): StorageAnswer {
  const range = received === 0 ? {} : { range: `bytes=0-${received - 1}` };
  return { status: 308, headers: range, body: '' };
}
