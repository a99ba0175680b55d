import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBody } from '../api/http-exchange.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { SigningKeys } from '../identity/signing-keys.ts';
import type { TokenStore } from '../identity/tokens.ts';
import { parseObjectPath, type SignedAccess, verifySignedUrl } from './signed-url.ts';
import { type StorageAnswer, type StorageCall, toContentAnswer } from './storage-answer.ts';
import { StorageError, storageDenied } from './storage-error.ts';
import type { StoredObjects } from './stored-objects.ts';

const maxCheckedBytes = 64 * 1024 * 1024;

/** What signed URLs need. */
export interface XmlApiOptions {
  readonly objects: StoredObjects;
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
  readonly keys: SigningKeys;
  readonly now: () => Date;
}

/**
 * Finds what a request on `/bucket/object` asks for. Only signed URLs are answered, or anything
 * unsigned where credentials are not checked; a signature that is there always has to hold.
 */
export function findXmlApiCall(request: IncomingMessage, options: XmlApiOptions): StorageCall {
  const method = request.method ?? 'GET';
  if (method === 'GET' || method === 'HEAD')
    return { rpc: 'signedUrl.get', run: () => getObject(request, options) };
  if (method === 'PUT') return { rpc: 'signedUrl.put', run: () => putObject(request, options) };
  return {
    rpc: 'signedUrl.other',
    run: () => {
      const what = `The local Cloud Storage does not implement ${method} here.`;
      return Promise.reject(new StorageError('NotImplemented', what));
    },
  };
}

async function getObject(request: IncomingMessage, options: XmlApiOptions): Promise<StorageAnswer> {
  const permission = 'storage.objects.get';
  const { email, object } = verify(request, options, permission);
  if (!options.permissions.mayRead(email, object)) throw denied(email, permission);
  checkSubresources(request, ['response-content-disposition', 'response-content-type']);
  const answer = toContentAnswer(await options.objects.open(object, request.headers.range));
  return { ...answer, headers: { ...answer.headers, ...overrides(request) } };
}

async function putObject(request: IncomingMessage, options: XmlApiOptions): Promise<StorageAnswer> {
  const permission = 'storage.objects.create';
  const { email, object } = verify(request, options, permission);
  if (!options.permissions.mayWrite(email, object)) throw denied(email, permission);
  checkSubresources(request, []);
  checkHeaders(request);
  checkLength(request);
  const content = await readChecked(request);
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  const match = request.headers['x-goog-if-generation-match'];
  const ifGenerationMatch = typeof match === 'string' ? match : undefined;
  const conditions = { ifGenerationMatch, generation: undefined };
  await options.objects.write(object, { content, contentType, conditions });
  return { status: 200, headers: {}, body: '' };
}

/** Tells whether a request claims to be allowed by a signature to read; it does not verify it. */
export function isSignedRead(request: IncomingMessage): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && isSigned(request);
}

function isSigned({ url }: IncomingMessage): boolean {
  return /[?&]X-Goog-Signature=/.test(url ?? '');
}

function verify(
  request: IncomingMessage,
  { keys, tokens, now }: XmlApiOptions,
  permission: string,
): SignedAccess {
  const target = request.url ?? '';
  if (isSigned(request))
    return verifySignedUrl(
      { method: request.method ?? 'GET', target, headers: request.headersDistinct },
      { now: now(), findPublicKey: (email) => keys.findPublicKey(email) },
    );
  if (tokens.find(undefined)?.kind !== 'anyone') throw denied('Anonymous caller', permission);
  return { email: 'anyone', object: parseObjectPath(target.split('?')[0] ?? '') };
}

/** A query such as `acl` or `versionId` asks for something other than the object. */
function checkSubresources(request: IncomingMessage, known: readonly string[]): void {
  const stray = [...parseQuery(request).keys()].find(
    (name) => !name.startsWith('X-Goog-') && !known.includes(name),
  );
  if (stray !== undefined)
    throw new StorageError('NotImplemented', `The parameter ${stray} is not implemented.`);
}

/** Headers that were signed mean something; to go on without it would be another request. */
function checkHeaders({ headers }: IncomingMessage): void {
  const known = ['x-goog-content-length-range', 'x-goog-if-generation-match'];
  const stray = Object.keys(headers).find(
    (name) => name.startsWith('x-goog-') && !known.includes(name),
  );
  if (stray !== undefined && headers[stray] !== 'UNSIGNED-PAYLOAD')
    throw new StorageError('NotImplemented', `The header ${stray} is not implemented.`);
}

/** `x-goog-content-length-range: min,max` bounds the size that a signed URL lets in. */
function checkLength(request: IncomingMessage): void {
  const range = request.headers['x-goog-content-length-range'];
  if (range === undefined) return;
  const [, min, max] = /^(\d+),(\d+)$/.exec(String(range)) ?? [];
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (min !== undefined && length < Number(min))
    throw new StorageError(
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum object size specified in your request.',
      `Content-length smaller than lower bound on range: ${String(range)}`,
    );
  if (min === undefined || max === undefined || !(length <= Number(max)))
    throw new StorageError(
      'EntityTooLarge',
      'Your proposed upload is larger than the maximum object size specified in your request.',
      `Content-length exceeds upper bound on range: ${String(range)}`,
    );
}

/**
 * Reads a body whose `Content-MD5` it must have; nothing is stored of one that has another.
 * Source: https://cloud.google.com/storage/docs/xml-api/put-object-upload
 */
async function readChecked(request: IncomingMessage): Promise<IncomingMessage | Buffer> {
  const expected = request.headers['content-md5'];
  if (expected === undefined) return request;
  if (typeof expected !== 'string' || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(expected))
    throw new StorageError('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  const content = await readBody(request, maxCheckedBytes);
  const actual = createHash('md5').update(content).digest('base64');
  if (actual === expected) return content;
  throw new StorageError(
    'BadDigest',
    'The Content-MD5 you specified did not match what we received.',
    `The MD5 you specified in Content-MD5 or x-goog-hash was ${expected}, but we computed ${actual}`,
  );
}

/** A signed URL may say how the browser shall see the object. */
function overrides(request: IncomingMessage): Readonly<Record<string, string>> {
  const query = parseQuery(request);
  const names = ['content-disposition', 'content-type'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = query.get(`response-${name}`);
      if (value !== null && !/^[\x20-\x7e]*$/.test(value))
        throw new StorageError('InvalidArgument', 'Invalid argument.', `response-${name}`);
      return value === null ? [] : [[name, value] as const];
    }),
  );
}

function parseQuery(request: IncomingMessage): URLSearchParams {
  const [, ...query] = (request.url ?? '').split('?');
  return new URLSearchParams(query.join('?'));
}

function denied(who: string, permission: string): StorageError {
  const { message } = storageDenied(who, permission);
  return new StorageError('AccessDenied', 'Access denied.', message);
}
