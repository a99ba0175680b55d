import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Reads when a process started, as a short word that stays the same for as long as it lives.
 * Process ids are reused, a pair of id and start time is not: it names one process for good.
 * Returns undefined when there is no such process, or when it has ended and waits to be reaped.
 */
export function readStartTime(pid) {
  return process.platform === 'linux' ? readStartTicks(pid) : readStartDate(pid);
}

/** Tells whether the very process that was recorded is still running. */
export function isAlive(identity) {
  return readStartTime(identity.pid) === identity.startTime;
}

/** Names the running process itself. */
export function identifySelf() {
  const startTime = readStartTime(process.pid);
  if (startTime === undefined) throw new Error('the start time of this process cannot be read');
  return { pid: process.pid, startTime };
}

/** Source: proc_pid_stat(5): field 3 is the state, field 22 the start in clock ticks since boot. */
function readStartTicks(pid) {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id');
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${(boot ?? '').slice(0, 8)}.${fields[19]}`;
}

function readStartDate(pid) {
  try {
    const options = { encoding: 'utf8', env: { LC_ALL: 'C', PATH: '/bin:/usr/bin', TZ: 'UTC' } };
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`], {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [state = '', ...date] = line.split(/\s+/);
    if (line === '' || state.startsWith('Z')) return undefined;
    return (Date.parse(`${date.join(' ')} UTC`) / 1000).toString(36);
  } catch {
    return undefined;
  }
}

function readOrUndefined(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
