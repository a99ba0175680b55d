import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GoogleConfiguration } from '../configuration.ts';
import { parseTable, parseWholeNumber } from '../shape.ts';
import {
  identifyProcess,
  isAlive,
  parseProcessIdentity,
  type ProcessIdentity,
} from '../state/process-identity.ts';
import { openShelf } from '../state/shelf.ts';

const startAttempts = 3;
const startTimeoutMs = 10_000;
const pollMs = 25;

/** The process of fake-gcs-server, and where it serves. */
interface StoreServer {
  readonly child: ChildProcess;
  readonly address: string;
}

/**
 * Starts fake-gcs-server, with a state directory where the last one was. It cannot choose a port
 * itself, so another process may take the one that was free. @throws Error when it does not start
 */
export async function startStoreServer(configuration: GoogleConfiguration): Promise<StoreServer> {
  const shelf = openShelf(configuration.stateDirectory, 'object-store');
  const [last] = shelf.parseAll(parseStoreRecord);
  if (last !== undefined) await endLastStore(last.process);
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const port = attempt === 1 && last !== undefined ? last.port : await findFreePort();
    const server = await tryStart(configuration, port);
    if (server === undefined) continue;
    const process = identifyProcess(server.child.pid ?? 0);
    try {
      shelf.save('server', { port, process } satisfies StoreRecord);
    } catch (error) {
      server.child.kill('SIGKILL');
      throw error;
    }
    return server;
  }
  const { fakeGcsServer } = configuration.toolchain;
  throw new Error(`${fakeGcsServer} did not start ${startAttempts} times.`);
}

async function tryStart(
  { toolchain, stateDirectory }: GoogleConfiguration,
  port: number,
): Promise<StoreServer | undefined> {
  const address = `http://127.0.0.1:${port}`;
  const place = ['-host', '127.0.0.1', '-port', `${port}`, '-external-url', address];
  const names = ['-scheme', 'http', '-public-host', `127.0.0.1:${port}`];
  const { args, env } = chooseBackend(stateDirectory);
  const quiet = ['-data', '', '-log-level', 'error'];
  const child = spawn(toolchain.fakeGcsServer, [...place, ...names, ...args, ...quiet], {
    env: { ...pickEnvironment(['PATH', 'TMPDIR', 'JOBGATE_RUN']), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // Not inherited: what reads this process's errors would wait for a store that outlives it.
  child.stderr.pipe(process.stderr, { end: false });
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
  return undefined;
}

/** An object is written beside its place and moved there: both are on one file system. */
function chooseBackend(stateDirectory: string | null): {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  if (stateDirectory === null) return { args: ['-backend', 'memory'], env: {} };
  const temporary = join(stateDirectory, 'objects-tmp');
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  const root = join(stateDirectory, 'objects');
  return { args: ['-backend', 'filesystem', '-filesystem-root', root], env: { TMPDIR: temporary } };
}

interface StoreRecord {
  readonly port: number;
  readonly process: ProcessIdentity;
}

function parseStoreRecord(value: unknown, where: string): StoreRecord {
  const table = parseTable(value, where, ['port', 'process']);
  return {
    port: parseWholeNumber(table['port'], `${where}: port`, { min: 1, max: 65_535 }),
    process: parseProcessIdentity(table['process'], `${where}: process`),
  };
}

/** A server that was killed leaves its store behind, and two must not write to one folder. */
async function endLastStore(last: ProcessIdentity): Promise<void> {
  for (let waitedMs = 0; isAlive(last) && waitedMs < startTimeoutMs; waitedMs += pollMs) {
    process.kill(last.pid, 'SIGKILL');
    await sleep(pollMs);
  }
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
