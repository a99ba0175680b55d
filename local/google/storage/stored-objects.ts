import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { checkGeneration, type Conditions } from './conditions.ts';
import { checkBucketName, checkPlace } from './object-name.ts';
import { StorageError } from './storage-error.ts';
import type { StorageUri } from '../storage-uri.ts';

const timeoutMs = 60_000;
const none: Conditions = { ifGenerationMatch: undefined, generation: undefined };

/** Reads and writes objects of the store behind the front, which checks nothing itself. */
export class StoredObjects {
  readonly #address: string;
  readonly #writes = new Map<string, Promise<unknown>>();

  constructor(address: string) {
    this.#address = address;
  }

  /** Opens an object's content, or the part of it that the range names. @throws StorageError */
  async open(
    object: StorageUri,
    range: string | undefined,
    conditions = none,
  ): Promise<IncomingMessage> {
    await this.#require(object, conditions);
    const headers = range === undefined ? {} : { range };
    const response = await this.#send('GET', `${toPath(object)}?alt=media`, { headers });
    if (response.statusCode === 200 || response.statusCode === 206) return response;
    response.resume();
    if (response.statusCode === 404) throw noSuchObject(object);
    if (response.statusCode === 416)
      throw new StorageError('InvalidRange', 'The requested range cannot be satisfied.');
    throw unexpected(response);
  }

  /** Returns an object's metadata. @throws StorageError */
  async describe(object: StorageUri, conditions = none): Promise<string> {
    await this.#require(object, conditions);
    const response = await this.#send('GET', toPath(object), {});
    const text = await readText(response);
    if (response.statusCode === 404) throw noSuchObject(object);
    return this.#check(response, text);
  }

  /** Lists objects; the query is that of the JSON API. @throws StorageError */
  async list(bucket: string, query: URLSearchParams): Promise<string> {
    checkBucketName(bucket);
    return this.#readBucket(`/storage/v1/b/${bucket}/o?${query.toString()}`);
  }

  /** Returns a bucket's metadata. @throws StorageError */
  describeBucket(bucket: string): Promise<string> {
    checkBucketName(bucket);
    return this.#readBucket(`/storage/v1/b/${bucket}`);
  }

  /** Lists the buckets. @throws StorageError */
  listBuckets(): Promise<string> {
    return this.#readBucket('/storage/v1/b?project=local');
  }

  /** Deletes an object. @throws StorageError */
  delete(object: StorageUri, conditions = none): Promise<void> {
    return this.#inTurn(object, () => this.#deleteNow(object, conditions));
  }

  async #deleteNow(object: StorageUri, conditions: Conditions): Promise<void> {
    await this.#require(object, conditions);
    const response = await this.#send('DELETE', toPath(object), {});
    const text = await readText(response);
    if (response.statusCode === 404) throw noSuchObject(object);
    this.#check(response, text);
  }

  /**
   * Writes an object and returns its metadata. The store behind does not look at preconditions of
   * simple uploads, so that writes of one object wait for each other here. @throws StorageError
   */
  write(object: StorageUri, upload: Upload): Promise<string> {
    return this.#inTurn(object, () => this.#writeNow(object, upload));
  }

  async #inTurn<T>(object: StorageUri, change: () => Promise<T>): Promise<T> {
    const key = `${object.bucket}/${object.name}`;
    const before = this.#writes.get(key) ?? Promise.resolve();
    const work = before.then(change);
    const settled = work.catch(() => undefined);
    this.#writes.set(key, settled);
    try {
      return await work;
    } finally {
      if (this.#writes.get(key) === settled) this.#writes.delete(key);
    }
  }

  async #writeNow(object: StorageUri, upload: Upload): Promise<string> {
    checkPlace(object);
    if (upload.conditions.ifGenerationMatch !== undefined)
      checkGeneration(await this.#findGeneration(object), upload.conditions);
    const query = new URLSearchParams({ uploadType: 'media', name: object.name });
    const path = `/upload/storage/v1/b/${object.bucket}/o?${query.toString()}`;
    const headers = { 'content-type': upload.contentType };
    const response = await this.#send('POST', path, { headers, body: upload.content });
    const text = await readText(response);
    if (response.statusCode === 404)
      throw new StorageError('NoSuchBucket', 'The specified bucket does not exist.');
    return this.#check(response, text);
  }

  async #readBucket(path: string): Promise<string> {
    const response = await this.#send('GET', path, {});
    const text = await readText(response);
    if (response.statusCode === 404)
      throw new StorageError('NoSuchBucket', 'The specified bucket does not exist.');
    return this.#check(response, text);
  }

  async #require(object: StorageUri, conditions: Conditions): Promise<void> {
    if (conditions.generation === undefined && conditions.ifGenerationMatch === undefined) return;
    const generation = await this.#findGeneration(object);
    if ((conditions.generation ?? generation) !== generation) throw noSuchObject(object);
    checkGeneration(generation, conditions);
  }

  /** `0` stands for an object that does not exist. */
  async #findGeneration(object: StorageUri): Promise<string> {
    try {
      return /"generation":"(\d+)"/.exec(await this.describe(object))?.[1] ?? '0';
    } catch (error) {
      if (error instanceof StorageError && error.code === 'NoSuchKey') return '0';
      throw error;
    }
  }

  #check(response: IncomingMessage, text: string): string {
    if (response.statusCode === 200 || response.statusCode === 204) return text;
    throw unexpected(response);
  }

  #send(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: Readable | Buffer },
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const url = `${this.#address}${path}`;
      // The store resets a connection after some of its refusals: each call has one of its own.
      const options = { method, headers, agent: false, timeout: timeoutMs };
      const outgoing = httpRequest(url, options, resolve);
      outgoing.once('timeout', () => outgoing.destroy(new Error('the store does not answer')));
      outgoing.once('error', (cause) => {
        reject(new StorageError('InternalError', `The object store failed: ${cause.message}`));
      });
      if (body === undefined || Buffer.isBuffer(body)) outgoing.end(body);
      else {
        body.once('error', (error) => outgoing.destroy(error));
        body.pipe(outgoing);
      }
    });
  }
}

/** What is written, and on what condition. */
interface Upload {
  readonly content: Readable | Buffer;
  readonly contentType: string;
  readonly conditions: Conditions;
}

/** Makes the 404 of an object. */
function noSuchObject({ bucket, name }: StorageUri): StorageError {
  return new StorageError('NoSuchKey', `No such object: ${bucket}/${name}`);
}

function toPath(object: StorageUri): string {
  checkPlace(object);
  const { bucket, name } = object;
  return `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
}

function unexpected(response: IncomingMessage): StorageError {
  const status = response.statusCode ?? 0;
  return new StorageError('InternalError', `The object store answered ${status}.`);
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}
