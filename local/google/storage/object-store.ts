import { readFile } from 'node:fs/promises';
import type { GoogleConfiguration, Seed } from '../configuration.ts';
import { parseJson, parseList, parseObject, parseText } from '../shape.ts';
import { parseStorageUri, type StorageUri } from '../storage-uri.ts';
import { startStoreServer } from './store-server.ts';

/** The object store behind the storage front: fake-gcs-server, which checks nothing itself. */
export interface ObjectStore {
  readonly address: string;
  /** Resolves with a sentence if the store ends without having been told to. */
  readonly died: Promise<string>;
  readonly put: (uri: string, content: Uint8Array) => Promise<void>;
  /** Removes every object whose address begins as the one given. */
  readonly removeAll: (uri: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts the object store with the buckets and the objects of the configuration: in memory, or with
 * a state directory on disk, and then where the last one was, so that drivers find it again.
 */
export async function startObjectStore(configuration: GoogleConfiguration): Promise<ObjectStore> {
  const { child, address } = await startStoreServer(configuration);
  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const store: ObjectStore = {
    address,
    died: ended.then(() =>
      stopping ? new Promise<never>(() => undefined) : 'The object store ended by itself.',
    ),
    put: (uri, content) => putObject(address, parseStorageUri(uri, 'the object'), content),
    removeAll: (uri) => removeObjects(address, parseStorageUri(uri, 'the objects')),
    stop: async () => {
      stopping = true;
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
  try {
    for (const bucket of configuration.buckets) await createBucket(address, bucket);
    for (const seed of configuration.seed) await putSeed(address, seed);
  } catch (error) {
    await store.stop();
    throw error;
  }
  return store;
}

async function createBucket(address: string, bucket: string): Promise<void> {
  if (await exists(`${address}/storage/v1/b/${bucket}`)) return;
  await request(`${address}/storage/v1/b?project=local`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  });
}

async function putSeed(address: string, { uri, file }: Seed): Promise<void> {
  const name = encodeURIComponent(uri.name);
  if (await exists(`${address}/storage/v1/b/${uri.bucket}/o/${name}`)) return;
  const content = await readFile(file).catch((cause: unknown) => {
    throw new Error(`The file ${file}, to be gs://${uri.bucket}/${uri.name}, cannot be read.`, {
      cause,
    });
  });
  await putObject(address, uri, content);
}

async function putObject(address: string, uri: StorageUri, content: Uint8Array): Promise<void> {
  const query = new URLSearchParams({ uploadType: 'media', name: uri.name });
  await request(`${address}/upload/storage/v1/b/${uri.bucket}/o?${query.toString()}`, {
    headers: { 'content-type': toContentType(uri.name) },
    body: Buffer.from(content),
  });
}

async function removeObjects(address: string, { bucket, name }: StorageUri): Promise<void> {
  const objects = `${address}/storage/v1/b/${bucket}/o`;
  const signal = AbortSignal.timeout(30_000);
  const list = await fetch(`${objects}?prefix=${encodeURIComponent(name)}`, { signal });
  const page = parseObject(parseJson(await list.text(), 'the list of objects'), 'the list');
  const items = parseList(page['items'] ?? [], 'items', parseObject);
  for (const item of items) {
    const url = `${objects}/${encodeURIComponent(parseText(item['name'], 'name'))}`;
    const response = await fetch(url, { method: 'DELETE', signal: AbortSignal.timeout(30_000) });
    await response.arrayBuffer();
  }
}

async function exists(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  await response.arrayBuffer();
  return response.ok;
}

async function request(url: string, init: RequestInit): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  const response = await fetch(url, { ...init, method: 'POST', signal });
  const text = await response.text();
  if (!response.ok) throw new Error(`The object store answered ${response.status}: ${text}`);
}

function toContentType(name: string): string {
  if (name.endsWith('.json')) return 'application/json';
  if (name.endsWith('.csv')) return 'text/csv';
  return /driveroutput\.\d+$|\.(?:py|txt|sql)$/.test(name)
    ? 'text/plain; charset=utf-8'
    : 'application/octet-stream';
}
