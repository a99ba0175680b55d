import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PayloadTooLong, readBody } from '../api/http-exchange.ts';
import type { StorageUri } from '../storage-uri.ts';
import type { Conditions } from './conditions.ts';
import { type StorageAnswer, toJsonAnswer } from './storage-answer.ts';
import { StorageError } from './storage-error.ts';
import type { StoredObjects } from './stored-objects.ts';

/** Bounds memory: past it the session ends that has been idle for longest. */
const maxSessions = 64;
const gibibyte = 1024 * 1024 * 1024;
/** At Google a session holds for a week, but there it takes no memory. */
const maxIdleMs = 10 * 60 * 1000;

/** What resumable uploads may be told. */
interface ResumableUploadsOptions {
  readonly now: () => Date;
  /** Room for all that is received and not yet written; 1 GiB. */
  readonly maxBytes?: number;
}

interface Session {
  readonly object: StorageUri;
  readonly contentType: string;
  readonly conditions: Conditions;
  readonly chunks: Buffer[];
  received: number;
  /** Bytes in memory, those of bodies that are still read included. */
  held: number;
  /** How many requests are at work on it; while there are any it is not idle. */
  busy: number;
  usedAtMs: number;
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
  readonly #now: () => Date;
  readonly #maxBytes: number;
  /** The longest idle come first. */
  readonly #sessions = new Map<string, Session>();
  /** Bytes in memory, those of sessions that have ended meanwhile included. */
  #held = 0;

  constructor(objects: StoredObjects, { now, maxBytes = gibibyte }: ResumableUploadsOptions) {
    this.#objects = objects;
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  /** Begins an upload and returns its id, which cannot be guessed. @throws StorageError */
  begin(object: StorageUri, contentType: string, conditions: Conditions): string {
    const id = randomBytes(32).toString('base64url');
    const start = { chunks: [], received: 0, held: 0, busy: 0, answer: undefined };
    const usedAtMs = this.#now().getTime();
    this.#dropIdle();
    if (this.#sessions.size >= maxSessions) this.#dropLongestIdle(() => true);
    this.#sessions.set(id, { object, contentType, conditions, ...start, usedAtMs });
    return id;
  }

  /** Takes the next part of an upload, and ends it with its last part. @throws StorageError */
  async continue(id: string, bucket: string, request: IncomingMessage): Promise<StorageAnswer> {
    this.#dropIdle();
    const session = this.#sessions.get(id);
    if (session?.object.bucket !== bucket) throw noSuchUpload();
    session.busy += 1;
    try {
      return await this.#receive(id, session, request);
    } finally {
      session.busy -= 1;
      this.#touch(id, session);
    }
  }

  /** Ends an upload without an object. @throws StorageError */
  cancel(id: string): StorageAnswer {
    const session = this.#sessions.get(id);
    if (session === undefined) throw noSuchUpload();
    this.#drop(id, session);
    return { status: 499, headers: {}, body: '' };
  }

  async #receive(id: string, session: Session, request: IncomingMessage): Promise<StorageAnswer> {
    const body = await this.#read(session, request);
    try {
      if (this.#sessions.get(id) !== session) throw noSuchUpload();
      const range = parseRange(request.headers['content-range'], body.length);
      if (session.answer === undefined) {
        this.#append(session, body, range);
        if (session.received !== range.total) return incomplete(session);
        session.answer = this.#finish(id, session);
      }
    } finally {
      this.#hold(session, -body.length);
    }
    return toJsonAnswer(await session.answer);
  }

  /** Room is taken as the bytes come, so that bodies read at the same time share the bound. */
  async #read(session: Session, request: IncomingMessage): Promise<Buffer> {
    let taken = 0;
    try {
      return await readBody(request, this.#maxBytes, (bytes) => {
        this.#makeRoom(session, bytes);
        this.#hold(session, bytes);
        taken += bytes;
      });
    } catch (error) {
      this.#hold(session, -taken);
      throw error;
    }
  }

  /** What was received already may come again, after an answer that was lost. */
  #append(session: Session, body: Buffer, { start, total }: ByteRange): void {
    if (start !== undefined && start > session.received)
      throw new StorageError('InvalidArgument', `Only ${session.received} bytes were received.`);
    const next = body.subarray(start === undefined ? body.length : session.received - start);
    // A part of a buffer keeps the whole of it in memory.
    const own = next.length === body.length ? body : Buffer.from(next);
    if (own.length > 0) session.chunks.push(own);
    session.received += next.length;
    this.#hold(session, next.length);
    if (total !== undefined && session.received > total)
      throw new StorageError('InvalidArgument', 'The upload is longer than was said.');
  }

  async #finish(id: string, session: Session): Promise<string> {
    const { object, contentType, conditions, chunks, received } = session;
    const content = Buffer.concat(chunks);
    chunks.length = 0;
    try {
      return await this.#objects.write(object, { content, contentType, conditions });
    } catch (error) {
      this.#sessions.delete(id);
      throw error;
    } finally {
      this.#hold(session, -received);
    }
  }

  #hold(session: Session, bytes: number): void {
    session.held += bytes;
    this.#held += bytes;
  }

  #makeRoom(session: Session, bytes: number): void {
    if (session.held + bytes > this.#maxBytes) throw new PayloadTooLong(this.#maxBytes);
    while (this.#held + bytes > this.#maxBytes) this.#dropLongestIdle(({ held }) => held > 0);
  }

  #touch(id: string, session: Session): void {
    if (!this.#sessions.delete(id)) return;
    session.usedAtMs = this.#now().getTime();
    this.#sessions.set(id, session);
  }

  #dropIdle(): void {
    const latestMs = this.#now().getTime() - maxIdleMs;
    for (const [id, session] of this.#sessions)
      if (session.busy === 0 && session.usedAtMs <= latestMs) this.#drop(id, session);
  }

  #dropLongestIdle(isMeant: (session: Session) => boolean): void {
    for (const [id, session] of this.#sessions) {
      if (session.busy > 0 || !isMeant(session)) continue;
      this.#drop(id, session);
      return;
    }
    throw new StorageError('SlowDown', 'Too many uploads are under way.');
  }

  /** Requests that are at work on it give back the room that they have taken. */
  #drop(id: string, session: Session): void {
    this.#sessions.delete(id);
    if (session.answer !== undefined) return;
    const kept = session.chunks.reduce((bytes, chunk) => bytes + chunk.length, 0);
    session.chunks.length = 0;
    this.#hold(session, -kept);
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

function noSuchUpload(): StorageError {
  return new StorageError('NoSuchUpload', 'The upload session does not exist or has ended.');
}

function incomplete({ received }: Session): StorageAnswer {
  const range = received === 0 ? {} : { range: `bytes=0-${received - 1}` };
  return { status: 308, headers: range, body: '' };
}
