import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GoogleConfiguration, Seed } from '../configuration.ts';
import { parseStorageUri, type StorageUri } from '../storage-uri.ts';

const startAttempts = 3;
const startTimeoutMs = 10_000;
const pollMs = 25;

/** The object store behind the storage front: fake-gcs-server, which checks nothing itself. */
export interface ObjectStore {
  readonly address: string;
  /** Resolves with a sentence if the store ends without having been told to. */
  readonly died: Promise<string>;
  readonly put: (uri: string, content: Uint8Array) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the object store in memory, with the buckets and the objects of the configuration. */
export async function startObjectStore(configuration: GoogleConfiguration): Promise<ObjectStore> {
  const { child, address } = await startServer(configuration);
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

/** The server cannot choose a port itself, so another process may take the one that was free. */
async function startServer({
  toolchain,
}: GoogleConfiguration): Promise<{ child: ChildProcess; address: string }> {
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const port = await findFreePort();
    const address = `http://127.0.0.1:${port}`;
    const place = ['-host', '127.0.0.1', '-port', `${port}`, '-external-url', address];
    const names = ['-scheme', 'http', '-public-host', `127.0.0.1:${port}`];
    const quiet = ['-backend', 'memory', '-data', '', '-log-level', 'error'];
    const child = spawn(toolchain.fakeGcsServer, [...place, ...names, ...quiet], {
      env: pickEnvironment(['PATH', 'TMPDIR', 'JOBGATE_RUN']),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const failed = new Promise<false>((resolve) => {
      child.once('error', () => {
        resolve(false);
      });
      child.once('exit', () => {
        resolve(false);
      });
    });
    if (await Promise.race([answers(address), failed])) return { child, address };
    child.kill('SIGKILL');
  }
  throw new Error(`${toolchain.fakeGcsServer} did not start ${startAttempts} times.`);
}

async function answers(address: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
    const response = await fetch(`${address}/storage/v1/b`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok === true) return true;
    await sleep(pollMs);
  }
  return false;
}

async function createBucket(address: string, bucket: string): Promise<void> {
  await request(`${address}/storage/v1/b?project=local`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  });
}

async function putSeed(address: string, { uri, file }: Seed): Promise<void> {
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

function pickEnvironment(names: readonly string[]): Record<string, string> {
  const entries = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
      });
    });
  });
}
