import type { IncomingMessage } from 'node:http';
import { findBearerToken, parseTarget } from '../api/http-exchange.ts';
import { decodeUrlText } from '../api/url-text.ts';
import type { Permissions } from '../identity/permissions.ts';
import { nameOf, type Principal, type TokenStore } from '../identity/tokens.ts';
import type { StorageUri } from '../storage-uri.ts';
import { parseConditions } from './conditions.ts';
import { checkPlace } from './object-name.ts';
import type { ResumableUploads } from './resumable-uploads.ts';
import { leaveOutYoungerObjects } from './stale-objects.ts';
import {
  type StorageAnswer,
  type StorageCall,
  toContentAnswer,
  toJsonAnswer,
} from './storage-answer.ts';
import { StorageError, storageDenied } from './storage-error.ts';
import type { StoredObjects } from './stored-objects.ts';
import { readResumableTarget, readUpload } from './upload.ts';

const objectPath = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/;
const listPath = /^\/storage\/v1\/b\/([^/]+)\/o$/;
const uploadPath = /^(?:\/resumable)?\/upload\/storage\/v1\/b\/([^/]+)\/o$/;
const bucketPath = /^\/storage\/v1\/b(?:\/([^/]+))?$/;
/** What a list is asked with; anything else would be passed on without a check. */
const listParameters = [
  ...['prefix', 'delimiter', 'maxResults', 'pageToken', 'startOffset', 'endOffset'],
  ...['includeTrailingDelimiter', 'fields', 'projection'],
];

/** What both faces of the storage front need. */
export interface StorageApiOptions {
  readonly objects: StoredObjects;
  readonly uploads: ResumableUploads;
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
  readonly now: () => Date;
}

/** Tells whether a path belongs to the JSON API. */
export function isJsonApiPath(path: string): boolean {
  return /^\/(?:storage|download\/storage|(?:resumable\/)?upload\/storage|batch)(?:\/|$)/.test(
    path,
  );
}

/** A call of the JSON API on its way to its method. */
interface Call {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly options: StorageApiOptions;
}

/**
 * Finds the method of the JSON API that a request calls.
 * Source: https://cloud.google.com/storage/docs/json_api/v1
 */
export function findJsonApiCall(request: IncomingMessage, options: StorageApiOptions): StorageCall {
  const { pathname, searchParams: query } = parseTarget(request);
  const method = request.method ?? 'GET';
  const call: Call = { request, query, options };
  const found =
    findObjectCall(call, method, toObject(objectPath.exec(pathname))) ??
    findBucketCall(call, method, pathname) ??
    findUploadCall(call, method, uploadPath.exec(pathname)?.[1]);
  if (found !== undefined) return found;
  const what = `The local Cloud Storage does not implement ${method} ${pathname}.`;
  const run = () => {
    authenticate(call);
    return Promise.reject(new StorageError('NotImplemented', what));
  };
  return { rpc: 'storage.objects.other', run };
}

function findObjectCall(
  call: Call,
  method: string,
  object: StorageUri | undefined,
): StorageCall | undefined {
  if (object === undefined) return undefined;
  if (method === 'GET') return { rpc: 'storage.objects.get', run: () => getObject(call, object) };
  if (method === 'DELETE')
    return { rpc: 'storage.objects.delete', run: () => deleteObject(call, object) };
  return undefined;
}

function findBucketCall(call: Call, method: string, path: string): StorageCall | undefined {
  if (method !== 'GET') return undefined;
  const listed = listPath.exec(path)?.[1];
  if (listed !== undefined)
    return {
      rpc: 'storage.objects.list',
      run: (lagMs) => listObjects(call, decode(listed), lagMs),
    };
  const match = bucketPath.exec(path);
  if (match === null) return undefined;
  const bucket = match[1];
  if (bucket === undefined) return { rpc: 'storage.buckets.list', run: () => listBuckets(call) };
  return { rpc: 'storage.buckets.get', run: () => getBucket(call, decode(bucket)) };
}

function findUploadCall(
  call: Call,
  method: string,
  rawBucket: string | undefined,
): StorageCall | undefined {
  if (rawBucket === undefined) return undefined;
  const bucket = decode(rawBucket);
  const rpc = 'storage.objects.insert';
  const { request, query, options } = call;
  const upload = query.get('upload_id');
  if (upload !== null && method === 'DELETE')
    return { rpc, run: () => Promise.resolve(options.uploads.cancel(upload)) };
  if (upload !== null && (method === 'PUT' || method === 'POST'))
    return { rpc, run: () => options.uploads.continue(upload, bucket, request) };
  if (method !== 'POST') return undefined;
  const isResumable = query.get('uploadType') === 'resumable';
  return {
    rpc,
    run: () => (isResumable ? beginUpload(call, bucket) : insertObject(call, bucket)),
  };
}

async function getObject(call: Call, object: StorageUri): Promise<StorageAnswer> {
  const { request, query, options } = call;
  const { objects, permissions } = options;
  const who = authenticate(call);
  if (!permissions.mayRead(who, object)) throw storageDenied(who, 'storage.objects.get');
  const conditions = parseConditions(query);
  if (query.get('alt') !== 'media') return toJsonAnswer(await objects.describe(object, conditions));
  return toContentAnswer(await objects.open(object, request.headers.range, conditions));
}

async function deleteObject(call: Call, object: StorageUri): Promise<StorageAnswer> {
  const { objects, permissions } = call.options;
  const who = authenticate(call);
  if (!permissions.mayWrite(who, object)) throw storageDenied(who, 'storage.objects.delete');
  await objects.delete(object, parseConditions(call.query));
  return { status: 204, headers: {}, body: '' };
}

/** An account sees a list only under a prefix that it may read. */
async function listObjects(call: Call, bucket: string, lagMs: number): Promise<StorageAnswer> {
  const { query, options } = call;
  const who = authenticate(call);
  const prefix = { bucket, name: query.get('prefix') ?? '' };
  if (!options.permissions.mayRead(who, prefix)) throw storageDenied(who, 'storage.objects.list');
  if (query.has('matchGlob'))
    throw new StorageError('NotImplemented', 'The parameter matchGlob is not implemented.');
  const known = new URLSearchParams();
  for (const name of listParameters) if (query.has(name)) known.set(name, query.get(name) ?? '');
  const text = await listAsOf({ bucket, query: known, lagMs }, options);
  return toJsonAnswer(text);
}

/** A list that lags behind has all of its fields: the times of creation are needed. */
async function listAsOf(
  {
    bucket,
    query,
    lagMs,
  }: { readonly bucket: string; readonly query: URLSearchParams; readonly lagMs: number },
  { objects, now }: StorageApiOptions,
): Promise<string> {
  if (lagMs === 0) return objects.list(bucket, query);
  query.delete('fields');
  const asOf = new Date(now().getTime() - lagMs);
  return leaveOutYoungerObjects(await objects.list(bucket, query), asOf, (prefix) =>
    objects.list(bucket, new URLSearchParams({ prefix })),
  );
}

/** An account that may read the whole bucket sees the bucket. */
async function getBucket(call: Call, bucket: string): Promise<StorageAnswer> {
  const { objects, permissions } = call.options;
  const who = authenticate(call);
  const isSeen = permissions.mayRead(who, { bucket, name: '' });
  if (!isSeen) throw storageDenied(who, 'storage.buckets.get');
  return toJsonAnswer(await objects.describeBucket(bucket));
}

/** No account of the matrix has a permission on the project's buckets. */
async function listBuckets(call: Call): Promise<StorageAnswer> {
  const who = authenticate(call);
  if (findPrincipal(call)?.kind !== 'anyone') throw storageDenied(who, 'storage.buckets.list');
  return toJsonAnswer(await call.options.objects.listBuckets());
}

async function insertObject(call: Call, bucket: string): Promise<StorageAnswer> {
  const who = authenticate(call);
  const conditions = parseConditions(call.query);
  const upload = await readUpload(call.request, call.query);
  const object = { bucket, name: upload.name };
  requireCreate(call, who, object);
  return toJsonAnswer(await call.options.objects.write(object, { ...upload, conditions }));
}

async function beginUpload(call: Call, bucket: string): Promise<StorageAnswer> {
  const { request, query, options } = call;
  const who = authenticate(call);
  const conditions = parseConditions(query);
  const { name, contentType } = await readResumableTarget(request, query);
  const object = { bucket, name };
  requireCreate(call, who, object);
  const id = options.uploads.begin(object, contentType, conditions);
  const host = request.headers.host ?? '127.0.0.1';
  const place = new URLSearchParams({ uploadType: 'resumable', upload_id: id }).toString();
  const location = `http://${host}/upload/storage/v1/b/${bucket}/o?${place}`;
  return { status: 200, headers: { location, 'x-guploader-uploadid': id }, body: '' };
}

function requireCreate({ options }: Call, who: string, object: StorageUri): void {
  if (!options.permissions.mayWrite(who, object))
    throw storageDenied(who, 'storage.objects.create');
  checkPlace(object);
}

/** Returns the e-mail, or the role of a federated token, which no permission names. */
function authenticate(call: Call): string {
  const principal = findPrincipal(call);
  if (principal === undefined && findBearerToken(call.request) === undefined)
    throw new StorageError(
      'AuthenticationRequired',
      'Anonymous caller does not have access to the Google Cloud Storage object.',
    );
  if (principal === undefined) throw new StorageError('InvalidCredentials', 'Invalid Credentials');
  return principal.kind === 'federated' ? `role ${principal.role}` : nameOf(principal);
}

function findPrincipal({ request, options }: Call): Principal | undefined {
  return options.tokens.find(findBearerToken(request));
}

function toObject(match: RegExpExecArray | null): StorageUri | undefined {
  const [, bucket, name] = match ?? [];
  if (bucket === undefined || name === undefined) return undefined;
  return { bucket: decode(bucket), name: decode(name) };
}

function decode(text: string): string {
  const decoded = decodeUrlText(text);
  if (decoded !== undefined) return decoded;
  throw new StorageError('InvalidArgument', 'The URL is not well encoded.');
}
