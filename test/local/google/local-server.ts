import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseObject, type Table } from '../../../local/google/shape.ts';

const project = join(import.meta.dirname, '..', '..', '..');

/** The paths that the set-up has written down. */
export const toolchain = parseObject(
  JSON.parse(readFileSync(join(project, '.local', 'toolchain.json'), 'utf8')),
  'toolchain.json',
);

/** One server of the local stack, started for a test. */
export interface LocalServer {
  /** The ready line. */
  readonly ready: Table;
  /** Everything that it has written to standard error. */
  readonly log: () => string;
  readonly child: ChildProcess;
  /** Ends it by SIGTERM, or by what `end` does; returns its exit status. */
  readonly stop: (end?: (child: ChildProcess) => void) => Promise<number | null>;
}

/** What to start, relative to the project's folder. */
export interface ServerProgram {
  readonly runtime: 'node' | 'python';
  readonly script: string;
  readonly run: string;
}

/** Makes a folder for one test file; the second value removes it. */
export function makeFolder(): readonly [folder: string, remove: () => void] {
  const folder = mkdtempSync(join(tmpdir(), 'jobgate-test-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  return [folder, remove];
}

/** Starts a server with a configuration and waits until it serves. */
export async function startServer(
  { runtime, script, run }: ServerProgram,
  folder: string,
  config: object,
): Promise<LocalServer> {
  const file = join(folder, `${script.replaceAll('/', '-')}.json`);
  writeFileSync(file, JSON.stringify(config));
  const program = String(toolchain[runtime]);
  const path = [dirname(String(toolchain['node'])), process.env['PATH'] ?? ''].join(delimiter);
  const child = spawn(program, [join(project, script), '--config', file], {
    cwd: project,
    env: { PATH: path, HOME: folder, TMPDIR: folder, JOBGATE_RUN: run },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const ready = new Promise<string>((resolve) => {
    createInterface(child.stdout).once('line', resolve);
  });
  const failed = exited.then((status) => {
    throw new Error(`${script} ended with status ${status ?? 'of a signal'}: ${log}`);
  });
  const line = await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  const stop: LocalServer['stop'] = (end = (process) => process.kill('SIGTERM')) => {
    end(child);
    return exited;
  };
  return { ready: parseObject(JSON.parse(line), 'the ready line'), log: () => log, child, stop };
}
