import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseTable, parseWholeNumber, ShapeError } from '../shape.ts';

/** One process for good: ids are reused, a pair of id and start is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Names a process; its start time is empty when it has ended already, and then nobody is it. */
export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, startTime: readStartTime(pid) };
}

/** Tells whether this very process runs; one that waits to be reaped does not. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return startTime !== '' && readStartTime(pid) === startTime;
}

/** Parses what was written down of a process. @throws ShapeError */
export function parseProcessIdentity(value: unknown, where: string): ProcessIdentity {
  const table = parseTable(value, where, ['pid', 'startTime']);
  const pid = parseWholeNumber(table['pid'], `${where}.pid`, { min: 1, max: 2 ** 31 });
  const { startTime } = table;
  if (typeof startTime !== 'string') throw new ShapeError(`${where}.startTime must be a text`);
  return { pid, startTime };
}

function readStartTime(pid: number): string {
  try {
    return process.platform === 'linux' ? readStartTicks(pid) : readStartDate(pid);
  } catch {
    return '';
  }
}

/** Source: proc_pid_stat(5): field 3 is the state, field 22 the start in clock ticks since boot. */
function readStartTicks(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return '';
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
  return `${boot.slice(0, 8)}.${fields[19] ?? ''}`;
}

function readStartDate(pid: number): string {
  const env = { LC_ALL: 'C', PATH: '/bin:/usr/bin', TZ: 'UTC' };
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  return line.startsWith('Z') ? '' : line.replace(/^\S+\s+/, '');
}
