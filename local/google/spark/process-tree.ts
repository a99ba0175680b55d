import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 50;
/** How long SIGKILL may take; longer only for a process that hangs inside the kernel. */
const killMs = 5000;

/** A process group, and what the environment of everything that it started holds. */
export interface ProcessTree {
  readonly groupId: number;
  /** `NAME=value` entries; a process that has all of them belongs to the tree. */
  readonly marks: readonly string[];
}

/**
 * Ends everything of a tree, also what has left the group, as Python's worker daemon does: SIGTERM
 * first, SIGKILL after the grace. Resolves when nothing is left.
 */
export async function endProcessTree(tree: ProcessTree, graceMs: number): Promise<void> {
  signalTree(tree, 'SIGTERM');
  if (await waitForEnd(tree, graceMs)) return;
  for (let waitedMs = 0; waitedMs < killMs; waitedMs += pollMs) {
    signalTree(tree, 'SIGKILL');
    if (await waitForEnd(tree, pollMs)) return;
  }
  process.stderr.write(`google: the processes of group ${tree.groupId} do not end\n`);
}

async function waitForEnd(tree: ProcessTree, timeoutMs: number): Promise<boolean> {
  for (let waitedMs = 0; isTreeAlive(tree); waitedMs += pollMs) {
    if (waitedMs >= timeoutMs) return false;
    await sleep(pollMs);
  }
  return true;
}

/** Tells whether any process of the tree runs; one that waits to be reaped does not. */
function isTreeAlive(tree: ProcessTree): boolean {
  if (process.platform === 'linux') return listMembers(tree).length > 0;
  return trySignal(-tree.groupId, 0);
}

function signalTree(tree: ProcessTree, signal: NodeJS.Signals): void {
  trySignal(-tree.groupId, signal);
  for (const pid of listMembers(tree)) trySignal(pid, signal);
}

function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Where there is no /proc, the group alone says what belongs to the tree. */
function listMembers(tree: ProcessTree): readonly number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => isMember(tree, pid));
}

/** Source: proc_pid_stat(5): after the name in parentheses come state, parent and group. */
function isMember({ groupId, marks }: ProcessTree, pid: number): boolean {
  const stat = readProcFile(pid, 'stat');
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || ['', 'Z', 'X'].includes(state)) return false;
  if (Number(group) === groupId) return true;
  const entries = readProcFile(pid, 'environ').split('\0');
  return marks.every((mark) => entries.includes(mark));
}

/** Empty for a process that has ended or belongs to another user. */
function readProcFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
