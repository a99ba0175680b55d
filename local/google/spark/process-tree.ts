import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from '../state/process-identity.ts';

const pollMs = 50;
/** How long SIGKILL may take; longer only for a process that hangs inside the kernel. */
const killMs = 5000;

/** Everything that a driver's first process has started. */
export interface ProcessTree {
  /** Leader of the process group that the driver was started as. */
  readonly leader: ProcessIdentity;
  /** `NAME=value`, in the environment of what belongs to the tree. */
  readonly mark: string;
  /** File that standard output or error of what belongs to the tree goes to. */
  readonly log: string;
}

/**
 * Ends everything of a tree, also what has left the group, as Python's worker daemon does: SIGTERM
 * first, SIGKILL after the grace. Resolves when nothing is left.
 */
export async function endProcessTree(tree: ProcessTree, graceMs: number): Promise<void> {
  signalTree(tree, 'SIGTERM');
  if (await waitForEnd(tree, graceMs)) return;
  const deadline = Date.now() + killMs;
  while (Date.now() < deadline) {
    // Without a pause as long as there is something: what forks without end is to be outrun.
    signalTree(tree, 'SIGKILL');
    await sleep(1);
    if (!isTreeAlive(tree)) return;
  }
  process.stderr.write(`google: the processes of group ${tree.leader.pid} do not end\n`);
}

async function waitForEnd(tree: ProcessTree, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isTreeAlive(tree)) {
    if (Date.now() >= deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

/** Tells whether any process of the tree runs; one that waits to be reaped does not. */
function isTreeAlive(tree: ProcessTree): boolean {
  if (process.platform === 'linux') return listMembers(tree).length > 0;
  return isAlive(tree.leader) && trySignal(-tree.leader.pid, 0);
}

function signalTree(tree: ProcessTree, signal: NodeJS.Signals): void {
  const members = listMembers(tree);
  // A group's number is free again when its last process is gone; then it may be a stranger's.
  const { pid } = tree.leader;
  if (isAlive(tree.leader) || members.some(({ groupId }) => groupId === pid))
    trySignal(-pid, signal);
  for (const member of members) trySignal(member.pid, signal);
}

function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

interface Member {
  readonly pid: number;
  readonly groupId: number;
}

/** Where there is no /proc, the group alone says what belongs to the tree. */
function listMembers(tree: ProcessTree): readonly Member[] {
  if (process.platform !== 'linux') return [];
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), groupId: readGroup(Number(name)) }))
    .filter(({ groupId }) => groupId > 0);
  const marked = processes.filter(({ pid }) => hasMark(tree, pid) || writesTo(tree.log, pid));
  const group = tree.leader.pid;
  if (!isAlive(tree.leader) && !marked.some(({ groupId }) => groupId === group)) return marked;
  const rest = processes.filter((member) => !marked.includes(member) && member.groupId === group);
  return [...marked, ...rest];
}

/**
 * Returns 0 for a process that has ended.
 * Source: proc_pid_stat(5): after the name in parentheses come state, parent and group.
 */
function readGroup(pid: number): number {
  const stat = readProcFile(pid, 'stat');
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === undefined || ['', 'Z', 'X'].includes(state) ? 0 : Number(group);
}

function hasMark({ mark }: ProcessTree, pid: number): boolean {
  return readProcFile(pid, 'environ').split('\0').includes(mark);
}

/** Finds what has emptied its environment and left the group, as long as it can still print. */
function writesTo(log: string, pid: number): boolean {
  return [1, 2].some((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`) === log;
    } catch {
      return false;
    }
  });
}

/** Empty for a process that has ended or belongs to another user. */
function readProcFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
