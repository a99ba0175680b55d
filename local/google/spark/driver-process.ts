import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess, isAlive, type ProcessIdentity } from '../state/process-identity.ts';
import type { SparkCommand } from './spark-command.ts';

const pollMs = 200;

/** Writes the exit status down, so that a driver can end while no server is there. */
const wrapper = `start=$1 status=$2
shift 2
/bin/sh -c "$start" sh "$@"
echo "$?" >"$status.draft"
mv "$status.draft" "$status"`;

/** Each run's first line of output names the process that becomes its Java. */
const start = `echo "$(date '+%y/%m/%d %H:%M:%S') INFO SparkSubmit: driver pid $$, run $JOBGATE_DRIVER"
exec "$@"`;

/** A driver's first process, from whichever server it comes. */
export interface DriverProcess {
  readonly leader: ProcessIdentity;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<void>;
}

/** Returns the file that a run's standard output and error go to, in their order. */
export function toLogFile(folder: string): string {
  return join(folder, 'driver.log');
}

/** Starts a command in a process group of its own, which outlives this process. */
export function spawnDriver(command: SparkCommand, folder: string): Promise<DriverProcess> {
  const child = spawnInto(toLogFile(folder), command, folder);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve({ leader: identifyProcess(child.pid), exited });
    });
  });
}

function spawnInto(log: string, { program, args, env }: SparkCommand, folder: string) {
  const descriptor = openSync(log, 'a', 0o600);
  const script = ['-c', wrapper, 'sh', start, toStatusFile(folder)];
  try {
    return spawn('/bin/sh', [...script, program, ...args], {
      cwd: join(folder, 'work'),
      env,
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
    });
  } finally {
    closeSync(descriptor);
  }
}

/** Watches a process that an earlier server started. */
export function adoptDriver(leader: ProcessIdentity): DriverProcess {
  const watch = async () => {
    while (isAlive(leader)) await sleep(pollMs);
  };
  return { leader, exited: watch() };
}

/** Finds the exit status that a driver left; there is none of one that was ended from outside. */
export function findExitStatus(folder: string): number | undefined {
  try {
    const status = Number(readFileSync(toStatusFile(folder), 'utf8'));
    return statusOfSignals.includes(status) ? undefined : status;
  } catch {
    return undefined;
  }
}

/** What a shell calls the end by SIGKILL and by SIGTERM, which Java reports itself. */
const statusOfSignals = [128 + 9, 128 + 15];

function toStatusFile(folder: string): string {
  return join(folder, 'exit-status');
}
