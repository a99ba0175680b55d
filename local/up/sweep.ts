import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  identifySelf,
  isAlive,
  type ProcessIdentity,
  readStartTime,
} from '../setup/process-identity.mjs';
import { RUN_MARKER } from './environment.ts';
import { runsFolder } from './layout.ts';
import { openRun, parseOwner, readProcessRecords, removeRun, type Run } from './runs.ts';

const GRACE_MS = 5_000;
/** A killed process is gone as soon as the kernel gets round to it. */
const KILL_MS = 2_000;
const POLL_MS = 50;
/** A process that starts another while it is being killed is found in the next round. */
const KILL_ROUNDS = 50;

/**
 * Clears what runs left whose owner died without cleaning up (kill -9, power): their processes are
 * ended and their folders removed. A process is touched only if it is recorded with the same start
 * time, or carries the run's marker in its environment. Returns one sentence per run cleared.
 */
export async function sweepDeadRuns(parent: string = runsFolder): Promise<readonly string[]> {
  const dead = listRuns(parent).filter(({ owner }) => !isAlive(owner));
  return Promise.all(dead.map(({ run }) => clearRun(run)));
}

/** Finds the runs whose owner is running, in any order. */
export function findLivingRuns(parent: string = runsFolder): readonly Run[] {
  const living = listRuns(parent).filter(({ owner }) => isAlive(owner));
  return living.map(({ run }) => run);
}

/** Ends every process of a run that is still there; returns how many there were. */
export async function endLeftovers(run: Run): Promise<number> {
  const leftovers = findLeftovers(run);
  signalAll(leftovers, 'SIGTERM');
  await waitUntilGone(run, GRACE_MS);
  killLeftovers(run);
  await waitUntilGone(run, KILL_MS);
  return leftovers.length;
}

async function waitUntilGone(run: Run, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (findLeftovers(run).length > 0 && Date.now() < deadline) await sleep(POLL_MS);
}

/** Ends everything of the runs of the running process at once, for a second Ctrl-C. */
export function killOwnRuns(parent: string = runsFolder): void {
  const { pid, startTime } = identifySelf();
  for (const { run, owner } of listRuns(parent)) {
    if (owner.pid !== pid || owner.startTime !== startTime) continue;
    for (let round = 0; round < KILL_ROUNDS && killLeftovers(run) > 0; round += 1);
    removeRun(run);
  }
}

function killLeftovers(run: Run): number {
  const leftovers = findLeftovers(run);
  signalAll(leftovers, 'SIGKILL');
  return leftovers.length;
}

function listRuns(
  parent: string,
): readonly { readonly run: Run; readonly owner: ProcessIdentity }[] {
  const names = existsSync(parent) ? readdirSync(parent) : [];
  return names.flatMap((name) => {
    const owner = parseOwner(name);
    return owner === undefined ? [] : [{ run: openRun(parent, name), owner }];
  });
}

async function clearRun(run: Run): Promise<string> {
  const count = await endLeftovers(run);
  removeRun(run);
  const processes = count === 0 ? 'no process was left' : `${count} of its processes were ended`;
  return `Cleared run ${run.id}, whose owner had died: ${processes}.`;
}

function findLeftovers(run: Run): readonly ProcessIdentity[] {
  const recorded = readProcessRecords(run).filter(
    (record) => isAlive(record) && carriesMarker(record.pid, run.id) !== false,
  );
  const found = new Map<number, ProcessIdentity>(recorded.map((record) => [record.pid, record]));
  for (const pid of listProcessIds()) {
    const startTime = readStartTime(pid);
    if (startTime === undefined || pid === process.pid) continue;
    if (carriesMarker(pid, run.id) === true) found.set(pid, { pid, startTime });
  }
  return [...found.values()];
}

/** Start times are compared once more, right before the signal. */
function signalAll(identities: readonly ProcessIdentity[], signal: NodeJS.Signals): void {
  for (const identity of identities) {
    if (!isAlive(identity)) continue;
    try {
      process.kill(identity.pid, signal);
    } catch {
      continue;
    }
  }
}

/** Undefined when the environment cannot be read: another system than Linux, or another user. */
function carriesMarker(pid: number, runId: string): boolean | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return environment.includes(`${RUN_MARKER}=${runId}`);
  } catch {
    return undefined;
  }
}

function listProcessIds(): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
