import type { IncomingMessage } from 'node:http';
import type { Permissions } from '../identity/permissions.ts';
import { type SignedAccess, verifySignedUrl } from './signed-url.ts';
import type { SigningKeys } from '../identity/signing-keys.ts';
import { type StorageAnswer, type StorageCall, toContentAnswer } from './storage-answer.ts';
import { StorageError, storageDenied } from './storage-error.ts';
import type { StoredObjects } from './stored-objects.ts';

/** What signed URLs need. */
export interface XmlApiOptions {
  readonly objects: StoredObjects;
  readonly permissions: Permissions;
  readonly keys: SigningKeys;
  readonly now: () => Date;
}

/** Finds what a request on `/bucket/object` asks for; only signed URLs are answered. */
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
  const { email, object } = verify(request, options);
  if (!options.permissions.mayRead(email, object)) throw denied(email, 'storage.objects.get');
  const answer = toContentAnswer(await options.objects.open(object, request.headers.range));
  return { ...answer, headers: { ...answer.headers, ...overrides(request) } };
}

async function putObject(request: IncomingMessage, options: XmlApiOptions): Promise<StorageAnswer> {
  const { email, object } = verify(request, options);
  if (!options.permissions.mayWrite(email, object)) throw denied(email, 'storage.objects.create');
  checkLength(request);
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  const match = request.headers['x-goog-if-generation-match'];
  const ifGenerationMatch = typeof match === 'string' ? match : undefined;
  await options.objects.write(object, { content: request, contentType, ifGenerationMatch });
  return { status: 200, headers: {}, body: '' };
}

function verify(request: IncomingMessage, { keys, now }: XmlApiOptions): SignedAccess {
  const target = request.url ?? '';
  if (!/[?&]X-Goog-Signature=/.test(target))
    throw denied('Anonymous caller', 'storage.objects.get');
  return verifySignedUrl(
    { method: request.method ?? 'GET', target, headers: request.headersDistinct },
    { now: now(), findPublicKey: (email) => keys.findPublicKey(email) },
  );
}

/** `x-goog-content-length-range: min,max` bounds the size that a signed URL lets in. */
function checkLength(request: IncomingMessage): void {
  const range = request.headers['x-goog-content-length-range'];
  if (range === undefined) return;
  const [, min, max] = /^(\d+),(\d+)$/.exec(String(range)) ?? [];
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (min === undefined || max === undefined || !(length >= Number(min) && length <= Number(max)))
    throw new StorageError(
      'EntityTooLarge',
      'Your proposed upload is smaller or larger than the allowed size.',
      `Content-length exceeds upper bound on range: ${String(range)}`,
    );
}

/** A signed URL may say how the browser shall see the object. */
function overrides(request: IncomingMessage): Readonly<Record<string, string>> {
  const query = new URL(request.url ?? '/', 'http://local.invalid').searchParams;
  const names = ['content-disposition', 'content-type'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === null ? [] : [[name, value] as const];
    }),
  );
}

function denied(who: string, permission: string): StorageError {
  const { message } = storageDenied(who, permission);
  return new StorageError('AccessDenied', 'Access denied.', message);
}
