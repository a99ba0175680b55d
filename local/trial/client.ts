import { parseObject, type Table } from '../google/shape.ts';
import { parseStorageUri, type StorageUri } from '../google/storage-uri.ts';

/** Where a local Dataproc is that asks for no credentials. */
export interface TrialAddress {
  readonly dataproc: string;
  readonly storage: string;
  readonly project: string;
  readonly region: string;
}

/** An object below a prefix; its path is relative to that. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

/** Talks to the local Dataproc and its Cloud Storage as a client of Google's REST APIs. */
export interface TrialClient {
  readonly createBatch: (batchId: string, batch: Table) => Promise<void>;
  readonly getBatch: (batchId: string) => Promise<Table>;
  /** Lists the objects below a `gs://` prefix, in order of their names. */
  readonly list: (prefix: string) => Promise<readonly ListedFile[]>;
  readonly read: (uri: string) => Promise<Uint8Array>;
}

/** The local Google answered with something that was not asked for. */
export class TrialError extends Error {
  override readonly name = 'TrialError';
}

const CALL_TIMEOUT_MS = 60_000;
const MOST_PAGES = 20;

/** Makes a client whose calls end with the signal. Its calls throw TrialError with Google's message. */
export function createTrialClient(address: TrialAddress, signal: AbortSignal): TrialClient {
  const { dataproc, storage, project, region } = address;
  const batches = `${dataproc}/v1/projects/${project}/locations/${region}/batches`;
  const call = (url: string, init: RequestInit = {}) => send(url, init, signal);
  return {
    createBatch: async (batchId, batch) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify(batch);
      await call(`${batches}?batchId=${batchId}`, { method: 'POST', headers, body });
    },
    getBatch: async (batchId) => readObject(await call(`${batches}/${batchId}`)),
    list: async (prefix) => listFiles(storage, parseStorageUri(prefix, 'prefix'), call),
    read: async (uri) => {
      const { bucket, name } = parseStorageUri(uri, 'uri');
      const path = `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`;
      return new Uint8Array(await (await call(storage + path)).arrayBuffer());
    },
  };
}

type Call = (url: string) => Promise<Response>;

/** Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list */
async function listFiles(
  storage: string,
  { bucket, name: prefix }: StorageUri,
  call: Call,
): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  const query = new URLSearchParams({ prefix });
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await readObject(
      await call(`${storage}/storage/v1/b/${bucket}/o?${query.toString()}`),
    );
    const items: readonly unknown[] = Array.isArray(answer['items']) ? answer['items'] : [];
    for (const item of items) {
      const { name, size } = parseObject(item, 'an object');
      files.push({ path: String(name).slice(prefix.length), bytes: Number(size) });
    }
    const next = answer['nextPageToken'];
    if (typeof next !== 'string' || next === '') break;
    query.set('pageToken', next);
  }
  return files;
}

async function send(url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
  const response = await fetch(url, { ...init, signal: bound });
  if (response.ok) return response;
  const text = (await response.text()).slice(0, 1000);
  throw new TrialError(`the local Google answered ${response.status}: ${text}`);
}

async function readObject(response: Response): Promise<Table> {
  return parseObject(await response.json(), 'the answer');
}
