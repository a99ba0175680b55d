import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseJson, ShapeError } from '../shape.ts';
import {
  identifyProcess,
  isAlive,
  parseProcessIdentity,
  type ProcessIdentity,
} from './process-identity.ts';

/**
 * Takes the state directory for this process alone; returns how to give it back. With null there is
 * nothing to take.
 *
 * Holders are files with rising numbers, of which the highest counts: one is made by a link, which
 * appears whole or fails when the number is taken, and removed only when there is a higher one. So
 * of two processes that find a dead holder at the same time, one takes over.
 * @throws ShapeError when a living process has it
 */
export function lockState(stateDirectory: string | null): () => void {
  if (stateDirectory === null) return () => undefined;
  const folder = join(stateDirectory, 'server-lock');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `draft-${randomUUID()}`);
  try {
    writeDraft(draft, identifyProcess(process.pid));
    for (;;) {
      const last = findLast(folder);
      const holder = readHolder(join(folder, String(last)));
      if (holder !== undefined && isAlive(holder))
        throw new ShapeError(
          `The state folder ${stateDirectory} is in use by process ${holder.pid}.`,
        );
      const own = join(folder, String(last + 1));
      if (tryLink(draft, own) && isHighest(folder, last + 1))
        return () => {
          release(own);
        };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A number that was just taken may have been another's before, which has a higher one since. */
function isHighest(folder: string, own: number): boolean {
  const last = findLast(folder);
  for (const number of listNumbers(folder))
    if (number < last) rmSync(join(folder, String(number)), { force: true });
  return last === own;
}

/** The number stays, so that none is used twice; it is nobody's. */
function release(own: string): void {
  writeDraft(`${own}.draft`, { pid: process.pid, startTime: '' });
  renameSync(`${own}.draft`, own);
}

function writeDraft(file: string, holder: ProcessIdentity): void {
  writeFileSync(file, JSON.stringify(holder), { mode: 0o600 });
}

function findLast(folder: string): number {
  return Math.max(0, ...listNumbers(folder));
}

function listNumbers(folder: string): readonly number[] {
  return readdirSync(folder)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number);
}

/** What is not there, or what a power cut left empty, names nobody. */
function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return parseProcessIdentity(parseJson(readFileSync(file, 'utf8'), file), file);
  } catch (error) {
    if (error instanceof ShapeError || codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function tryLink(draft: string, own: string): boolean {
  try {
    linkSync(draft, own);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
