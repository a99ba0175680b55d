import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { identifySelf, type ProcessIdentity } from '../setup/process-identity.mjs';
import { toFields } from './fields.ts';
import { runsFolder } from './layout.ts';

/** The folders of one command that starts processes; it is removed when the command ends. */
export interface Run {
  /** `<owner's process id>-<its start time>-<random>`: the name alone says whether it is dead. */
  readonly id: string;
  readonly folder: string;
  readonly logs: string;
  readonly temporary: string;
  readonly home: string;
}

/** A process that a run started; `pgid` is its process group, which it leads. */
export interface ProcessRecord extends ProcessIdentity {
  readonly name: string;
  readonly pgid: number;
}

/** Makes the folders of a run that belongs to the running process. */
export function createRun(parent: string = runsFolder): Run {
  const { pid, startTime } = identifySelf();
  const run = openRun(parent, `${pid}-${startTime}-${randomBytes(3).toString('hex')}`);
  for (const folder of [run.folder, run.logs, run.temporary, run.home]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  // Scripts that a tool writes to TMPDIR are CommonJS; the project's package.json says otherwise.
  writeFileSync(join(run.temporary, 'package.json'), '{"type":"commonjs"}\n');
  return run;
}

/** Names the folders of a run without making them. */
export function openRun(parent: string, id: string): Run {
  const folder = join(parent, id);
  return {
    id,
    folder,
    logs: join(folder, 'logs'),
    temporary: join(folder, 'tmp'),
    home: join(folder, 'home'),
  };
}

/** Reads who owns a run from its name; undefined when it is no run's name. */
export function parseOwner(runId: string): ProcessIdentity | undefined {
  const [, pid, startTime] = /^(\d+)-([a-z0-9.]+)-[0-9a-f]{6}$/.exec(runId) ?? [];
  return pid === undefined || startTime === undefined ? undefined : { pid: Number(pid), startTime };
}

/** Writes the list of a run's processes, whole or not at all. */
export function writeProcessRecords(run: Run, records: readonly ProcessRecord[]): void {
  const file = join(run.folder, 'processes.json');
  writeFileSync(`${file}.draft`, JSON.stringify(records));
  renameSync(`${file}.draft`, file);
}

/** Reads the list of a run's processes; empty when there is none yet. */
export function readProcessRecords(run: Run): readonly ProcessRecord[] {
  try {
    const list: unknown = JSON.parse(readFileSync(join(run.folder, 'processes.json'), 'utf8'));
    return Array.isArray(list) ? list.filter(isProcessRecord) : [];
  } catch {
    return [];
  }
}

/** Removes all that a run wrote. */
export function removeRun(run: Run): void {
  rmSync(run.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function isProcessRecord(value: unknown): value is ProcessRecord {
  const fields = toFields(value);
  const isWhole = (name: string) => Number.isInteger(fields.get(name));
  const isText = (name: string) => typeof fields.get(name) === 'string';
  return isWhole('pid') && isWhole('pgid') && isText('startTime') && isText('name');
}
