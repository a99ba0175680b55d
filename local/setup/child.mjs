import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, SetupFailure } from './failure.mjs';
import { diagnose } from './diagnosis.mjs';
import { isAlive, readStartTime } from './process-identity.mjs';

const TAIL_BYTES = 16_384;
const SHOWN_LINES = 8;
const SHOWN_COLUMNS = 200;
const GRACE_MS = 3_000;

/**
 * Runs a tool to its end and returns what it printed. It has a process group of its own, noted in
 * `records` while it runs, so that it can be ended with everything it started: by an abort of
 * `signal`, or by the next set-up when this one was killed. `registry` is what a tool downloads from.
 * @throws SetupFailure, with the tool's last lines, when it cannot start or fails.
 */
export async function runChild({ name, command, args, cwd, env, records, signal, registry }) {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collectOutput(child);
  const ended = waitForEnd(child);
  const record = noteChild(records, child.pid);
  const onAbort = () => void endGroup(child.pid);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const { error, code, killedBy } = await ended;
    if (signal.aborted) await endGroup(child.pid);
    signal.throwIfAborted();
    if (error !== undefined) throw new SetupFailure(`${name} could not start: ${error.message}.`);
    if (code !== 0) {
      const cause = diagnose(output.all, registry) ?? describeEnd(code, killedBy);
      throw new SetupFailure(`${name} ${cause}; its last lines are below.`, lastLines(output.all));
    }
    return output.stdout;
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (record !== undefined) rmSync(record, { force: true });
  }
}

/** Ends the tools that a killed set-up left running. */
export async function endRecordedChildren(records) {
  for (const file of listOrNone(records)) {
    const path = join(records, file);
    const identity = parseOrUndefined(readFileSync(path, 'utf8'));
    if (identity !== undefined && isAlive(identity)) await endGroup(identity.pid);
    rmSync(path, { force: true });
  }
}

/** Turns a signal's name into the reason that aborts a set-up. */
export function toInterruption(signalName) {
  return new Interrupted(signalName);
}

function collectOutput(child) {
  const output = { stdout: '', all: '' };
  const append = (name, text) => {
    output[name] = (output[name] + text).slice(-TAIL_BYTES);
  };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    append('stdout', text);
    append('all', text);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => append('all', text));
  return output;
}

function waitForEnd(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('close', (code, killedBy) => resolve({ code, killedBy }));
  });
}

function noteChild(records, pid) {
  if (pid === undefined) return undefined;
  mkdirSync(records, { recursive: true });
  const path = join(records, `${pid}.json`);
  writeFileSync(path, JSON.stringify({ pid, startTime: readStartTime(pid) }));
  return path;
}

async function endGroup(pid) {
  if (pid === undefined || !signalGroup(pid, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += 50) {
    await sleep(50);
    if (!signalGroup(pid, 0)) return;
  }
  signalGroup(pid, 'SIGKILL');
}

/** Returns false when no process of the group is left. */
function signalGroup(pid, signalName) {
  try {
    process.kill(-pid, signalName);
    return true;
  } catch {
    return false;
  }
}

function describeEnd(code, killedBy) {
  return killedBy === null ? `failed with exit status ${code}` : `was ended by ${killedBy}`;
}

function lastLines(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  return lines
    .filter((line) => line !== '')
    .slice(-SHOWN_LINES)
    .map((line) => (line.length > SHOWN_COLUMNS ? `${line.slice(0, SHOWN_COLUMNS)}…` : line));
}

function listOrNone(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function parseOrUndefined(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
