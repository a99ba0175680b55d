import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** The repository's root: tests run there. */
export const root = process.cwd();

/** The PATH of a server: the project's Node first. */
const serverPath = `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;

/** How the local AWS is started. */
export const awsCommand = [
  join(root, '.local/venv/bin/python'),
  join(root, 'local/aws/main.py'),
] as const;

/** How the local identity provider is started. */
export const idpCommand = [
  join(root, 'node_modules/.bin/node'),
  join(root, 'local/idp/main.ts'),
] as const;

/** A local server that runs below a folder of its own. */
export interface LocalServer {
  /** The ready line, parsed. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** The server's folder, which holds its configuration and TMPDIR. */
  readonly folder: string;
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Ends the server with SIGTERM, removes its folder, and returns its exit status. */
  readonly stop: () => Promise<number | null>;
  /** Waits for the end of the server and returns its exit status. */
  readonly ended: () => Promise<number | null>;
}

/** Starts a server of the local stack with a configuration file, and waits for its ready line. */
export async function startServer(
  command: readonly [string, string],
  configure: (folder: string) => object,
): Promise<LocalServer> {
  const folder = await mkdtemp(join(root, '.local', 'test-'));
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(configure(folder)));
  const child = spawnServer([...command, '--config', file], folder);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const ready = await firstLine(child.stdout, child.stderr);
  return {
    ready,
    folder,
    child,
    ended: () => ended,
    stop: async () => {
      child.kill('SIGTERM');
      const status = await ended;
      await rm(folder, { recursive: true, force: true });
      return status;
    },
  };
}

/** Starts a server with the environment that the local stack gives it, and does not wait. */
export function spawnServer(
  command: readonly [string, ...string[]],
  folder: string,
  path = serverPath,
): LocalServer['child'] {
  const [program, ...args] = command;
  return spawn(program, args, {
    env: { PATH: path, HOME: folder, TMPDIR: folder, JOBGATE_RUN: 'test' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function firstLine(stdout: Readable, stderr: Readable): Promise<LocalServer['ready']> {
  const errors: string[] = [];
  stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  for await (const line of createInterface({ input: stdout })) {
    const ready: unknown = JSON.parse(line);
    if (typeof ready === 'object' && ready !== null) return { ...ready };
  }
  throw new Error(`the server ended before it was ready: ${errors.join('')}`);
}

/** Runs a server that is expected to end by itself, and returns its status and what it said. */
export async function runServer(
  command: readonly [string, ...string[]],
  folder: string,
  path?: string,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const child = spawnServer(command, folder, path);
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const status = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { status, stderr: said.join('') };
}
