import type { IncomingMessage } from 'node:http';
import { findBearerToken, parseTarget, readBody } from '../api/http-exchange.ts';
import type { Permissions } from '../identity/permissions.ts';
import { parseJson, parseObject } from '../shape.ts';
import {
  type StorageAnswer,
  type StorageCall,
  toContentAnswer,
  toJsonAnswer,
} from './storage-answer.ts';
import { StorageError, storageDenied } from './storage-error.ts';
import type { StorageUri } from '../storage-uri.ts';
import type { StoredObjects } from './stored-objects.ts';
import type { TokenStore } from '../identity/tokens.ts';

const maxMultipartBytes = 64 * 1024 * 1024;
const objectPath = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/;
const listPath = /^\/storage\/v1\/b\/([^/]+)\/o$/;
const uploadPath = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/;

/** What both faces of the storage front need. */
export interface StorageApiOptions {
  readonly objects: StoredObjects;
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
}

/** Tells whether a path belongs to the JSON API. */
export function isJsonApiPath(path: string): boolean {
  return /^\/(?:storage|download\/storage|upload\/storage|batch)(?:\/|$)/.test(path);
}

/**
 * Finds the method of the JSON API that a request calls.
 * Source: https://cloud.google.com/storage/docs/json_api/v1/objects
 */
export function findJsonApiCall(request: IncomingMessage, options: StorageApiOptions): StorageCall {
  const { pathname, searchParams: query } = parseTarget(request);
  const method = request.method ?? 'GET';
  const object = toObject(objectPath.exec(pathname));
  const [, listed] = listPath.exec(pathname) ?? [];
  const [, uploaded] = uploadPath.exec(pathname) ?? [];
  if (object !== undefined && method === 'GET')
    return call('get', () => getObject(request, object, query, options));
  if (object !== undefined && method === 'DELETE')
    return call('delete', () => deleteObject(request, object, options));
  if (listed !== undefined && method === 'GET')
    return call('list', () => listObjects(request, decode(listed), query, options));
  if (uploaded !== undefined && method === 'POST')
    return call('insert', () => insertObject(request, decode(uploaded), query, options));
  return call('other', () => {
    authenticate(request, options.tokens);
    const what = `The local Cloud Storage does not implement ${method} ${pathname}.`;
    return Promise.reject(new StorageError('NotImplemented', what));
  });
}

function call(verb: string, run: () => Promise<StorageAnswer>): StorageCall {
  return { rpc: `storage.objects.${verb}`, run };
}

async function getObject(
  request: IncomingMessage,
  object: StorageUri,
  query: URLSearchParams,
  { objects, permissions, tokens }: StorageApiOptions,
): Promise<StorageAnswer> {
  const who = authenticate(request, tokens);
  if (!permissions.mayRead(who, object)) throw storageDenied(who, 'storage.objects.get');
  if (query.get('alt') !== 'media') return toJsonAnswer(await objects.describe(object));
  return toContentAnswer(await objects.open(object, request.headers.range));
}

async function deleteObject(
  request: IncomingMessage,
  object: StorageUri,
  { objects, permissions, tokens }: StorageApiOptions,
): Promise<StorageAnswer> {
  const who = authenticate(request, tokens);
  if (!permissions.mayWrite(who, object)) throw storageDenied(who, 'storage.objects.delete');
  await objects.delete(object);
  return { status: 204, headers: {}, body: '' };
}

/** An account sees a list only under a prefix that it may read. */
async function listObjects(
  request: IncomingMessage,
  bucket: string,
  query: URLSearchParams,
  { objects, permissions, tokens }: StorageApiOptions,
): Promise<StorageAnswer> {
  const who = authenticate(request, tokens);
  const prefix = { bucket, name: query.get('prefix') ?? '' };
  if (!permissions.mayRead(who, prefix)) throw storageDenied(who, 'storage.objects.list');
  return toJsonAnswer(await objects.list(bucket, query));
}

async function insertObject(
  request: IncomingMessage,
  bucket: string,
  query: URLSearchParams,
  { objects, permissions, tokens }: StorageApiOptions,
): Promise<StorageAnswer> {
  const who = authenticate(request, tokens);
  const upload = await readUpload(request, query);
  const object = { bucket, name: upload.name };
  if (!permissions.mayWrite(who, object)) throw storageDenied(who, 'storage.objects.create');
  const ifGenerationMatch = query.get('ifGenerationMatch') ?? undefined;
  return toJsonAnswer(await objects.write(object, { ...upload, ifGenerationMatch }));
}

async function readUpload(
  request: IncomingMessage,
  query: URLSearchParams,
): Promise<{ name: string; content: IncomingMessage | Buffer; contentType: string }> {
  const type = query.get('uploadType');
  const contentType = request.headers['content-type'] ?? 'application/octet-stream';
  const name = query.get('name') ?? '';
  if (type === 'multipart') return readMultipart(request, contentType, name);
  if (type !== 'media')
    throw new StorageError('NotImplemented', `The uploadType ${type ?? ''} is not implemented.`);
  if (name === '') throw new StorageError('InvalidArgument', 'Required parameter: name');
  return { name, content: request, contentType };
}

/** RFC 2387: the first part is the metadata, the second the content. */
async function readMultipart(
  request: IncomingMessage,
  contentType: string,
  nameInQuery: string,
): Promise<{ name: string; content: Buffer; contentType: string }> {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const delimiter = `--${boundary?.[1] ?? boundary?.[2] ?? ''}`;
  const body = await readBody(request, maxMultipartBytes);
  const [metadata, content] = splitParts(body, delimiter);
  if (metadata === undefined || content === undefined)
    throw new StorageError('InvalidArgument', 'The multipart body must have two parts.');
  const json = parseObject(
    parseJson(metadata.content.toString('utf8'), 'the metadata'),
    'the metadata',
  );
  const named = typeof json['name'] === 'string' ? json['name'] : nameInQuery;
  if (named === '' || (nameInQuery !== '' && named !== nameInQuery))
    throw new StorageError('InvalidArgument', 'The object must have one name.');
  const type = typeof json['contentType'] === 'string' ? json['contentType'] : content.type;
  return { name: named, content: content.content, contentType: type };
}

function splitParts(body: Buffer, delimiter: string): readonly { type: string; content: Buffer }[] {
  const parts: { type: string; content: Buffer }[] = [];
  let start = body.indexOf(delimiter);
  while (start >= 0) {
    const begin = start + delimiter.length;
    const end = body.indexOf(`\r\n${delimiter}`, begin);
    if (end < 0) break;
    const part = body.subarray(begin, end);
    const gap = part.indexOf('\r\n\r\n');
    const head = part.subarray(0, Math.max(gap, 0)).toString('latin1');
    const type = /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream';
    parts.push({ type, content: part.subarray(gap + 4) });
    start = end + 2;
  }
  return parts;
}

/** Returns the e-mail, or the role of a federated token, which no permission names. */
function authenticate(request: IncomingMessage, tokens: TokenStore): string {
  const token = findBearerToken(request);
  if (token === undefined)
    throw new StorageError(
      'AuthenticationRequired',
      'Anonymous caller does not have access to the Google Cloud Storage object.',
    );
  const principal = tokens.find(token);
  if (principal === undefined) throw new StorageError('InvalidCredentials', 'Invalid Credentials');
  return principal.kind === 'account' ? principal.email : `role ${principal.role}`;
}

function toObject(match: RegExpExecArray | null): StorageUri | undefined {
  const [, bucket, name] = match ?? [];
  if (bucket === undefined || name === undefined) return undefined;
  return { bucket: decode(bucket), name: decode(name) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StorageError('InvalidArgument', 'The URL is not well encoded.');
  }
}
