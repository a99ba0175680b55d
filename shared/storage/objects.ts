import type { GoogleTokens } from '../credentials/google-tokens.ts';
import type { JobStorage, StorageAccess, StoredObject } from '../jobs/ports.ts';
import { parseJsonObject, type HttpResponse, type Send } from '../transport.ts';
import { toUpstreamCode, toUpstreamProblem, upstreamProblem } from '../upstream.ts';
import { signUrl } from './signed-url.ts';

/** What the Cloud Storage adapter needs from outside; `access.account` is an account's e-mail. */
export interface StorageOptions {
  readonly endpoint: string;
  readonly iamCredentialsEndpoint: string;
  readonly tokens: GoogleTokens;
  readonly send: Send;
  readonly now: () => Date;
}

/** Bounds of one listing: 10 pages of 1,000 objects. */
const PAGE_SIZE = 1000;
const MAX_PAGES = 10;
const MAX_LISTING_BYTES = 4 * 1024 * 1024;
const MAX_OBJECT_BYTES = 64 * 1024;
const MAX_RANGE_BYTES = 2 * 1024 * 1024;

/** Makes the Cloud Storage adapter over the JSON API. Source: Cloud Storage JSON API reference. */
export function createJobStorage(options: StorageOptions): JobStorage {
  return {
    list: async (prefixUri, access) => {
      const { bucket, name: prefix } = parseStorageUri(prefixUri);
      const objects: StoredObject[] = [];
      let pageToken: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const answer = await listPage(options, { bucket, prefix, pageToken }, access);
        objects.push(...readItems(answer.get('items'), bucket));
        const next = answer.get('nextPageToken');
        if (typeof next !== 'string' || next === '') return { objects, truncated: false };
        pageToken = next;
      }
      return { objects, truncated: true };
    },
    find: async (uri, access) => {
      const { bucket, name } = parseStorageUri(uri);
      if (Buffer.byteLength(name) > MAX_NAME_BYTES) return undefined;
      const request = { url: toObjectUrl(options, uri), headers: {}, maxBytes: MAX_OBJECT_BYTES };
      const response = await send(options, request, access);
      if (response.status === 404) return undefined;
      const object = parseJsonObject(requireSuccess(response).body);
      return readItems([Object.fromEntries(object)], bucket)[0];
    },
    readRange: async (uri, range, access) => {
      const url = `${toObjectUrl(options, uri)}?alt=media`;
      const headers = { range: `bytes=${range.start}-${range.end - 1}` };
      const response = await get(options, { url, headers, maxBytes: MAX_RANGE_BYTES }, access);
      return response.status === 200
        ? response.body.subarray(range.start, range.end)
        : response.body;
    },
    signReadUrl: (uri, lifetimeSeconds, access) =>
      signUrl({ method: 'GET', ...parseStorageUri(uri), lifetimeSeconds, ...access }, options),
    signWriteUrl: (uri, { headers, lifetimeSeconds, access }) =>
      signUrl(
        { method: 'PUT', headers, ...parseStorageUri(uri), lifetimeSeconds, ...access },
        options,
      ),
  };
}

interface PageRequest {
  readonly bucket: string;
  readonly prefix: string;
  readonly pageToken: string | undefined;
}

async function listPage(
  options: StorageOptions,
  page: PageRequest,
  access: StorageAccess,
): Promise<ReadonlyMap<string, unknown>> {
  const query = new URLSearchParams({ prefix: page.prefix, maxResults: String(PAGE_SIZE) });
  if (page.pageToken !== undefined) query.set('pageToken', page.pageToken);
  const url = `${options.endpoint}/storage/v1/b/${page.bucket}/o?${query.toString()}`;
  const response = await get(options, { url, headers: {}, maxBytes: MAX_LISTING_BYTES }, access);
  return parseJsonObject(response.body);
}

interface Get {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
}

function toObjectUrl(options: StorageOptions, uri: string): string {
  const { bucket, name } = parseStorageUri(uri);
  return `${options.endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
}

async function get(
  options: StorageOptions,
  request: Get,
  access: StorageAccess,
): Promise<HttpResponse> {
  return requireSuccess(await send(options, request, access));
}

async function send(
  options: StorageOptions,
  request: Get,
  access: StorageAccess,
): Promise<HttpResponse> {
  const { deadline } = access;
  const token = await options.tokens(access.account, deadline);
  const headers = { ...request.headers, authorization: `Bearer ${token}` };
  return options.send({ ...request, method: 'GET', headers, deadline }).catch((error: unknown) => {
    throw toUpstreamProblem(error, 'Cloud Storage');
  });
}

function requireSuccess(response: HttpResponse): HttpResponse {
  if (response.status === 200 || response.status === 206) return response;
  throw upstreamProblem(toUpstreamCode(response.status), 'Cloud Storage', {
    status: response.status,
  });
}

function readItems(items: unknown, bucket: string): readonly StoredObject[] {
  if (!Array.isArray(items)) return [];
  return items.map((item: unknown) => {
    const members = new Map<string, unknown>(Object.entries(item ?? {}));
    const md5 = members.get('md5Hash');
    return {
      uri: `gs://${bucket}/${readText(members.get('name'))}`,
      bytes: Number(members.get('size') ?? 0),
      contentType: readText(members.get('contentType')) || 'application/octet-stream',
      md5: typeof md5 === 'string' ? md5 : null,
      updatedAt: readText(members.get('updated')),
    };
  });
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Bytes of UTF-8: no object has a longer name. Source: Cloud Storage, objects, naming. */
const MAX_NAME_BYTES = 1024;

const STORAGE_URI = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])\/(.*)$/s;

/** Splits `gs://bucket/name`; of such URIs a caller chooses at most the end of the name. */
function parseStorageUri(uri: string): { readonly bucket: string; readonly name: string } {
  const [, bucket, name] = STORAGE_URI.exec(uri) ?? [];
  if (bucket === undefined || name === undefined) throw new Error('not a storage URI');
  return { bucket, name };
}
