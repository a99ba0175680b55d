import { spawnSync } from 'node:child_process';
import { toMedian } from './medians.ts';

/** One Node process: its script with arguments, and its whole environment. */
export interface NodeProcess {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How long a process took, and what it printed. */
export interface Finished {
  readonly ms: number;
  readonly stdout: string;
}

const timeoutMs = 300_000;
const maxPrintedBytes = 256 * 1024 * 1024;

/** Runs a process to its end, from its start to its exit. @throws Error when it fails */
export function runNode({ args, env = {} }: NodeProcess): Finished {
  const since = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env,
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: maxPrintedBytes,
  });
  const ms = performance.now() - since;
  if (status === 0) return { ms, stdout };
  const name = args[0] ?? '';
  throw new Error(`the process of ${name} ended with ${status ?? 'a signal'}\n${stderr}${stdout}`);
}

/** Runs processes in turn, after one round that does not count. Returns the median time of each, in milliseconds. */
export function timeInTurn(
  rounds: number,
  processes: readonly NodeProcess[],
  check: (stdout: string, index: number) => void = () => undefined,
): readonly number[] {
  for (const each of processes) runNode(each);
  const times = Array.from({ length: rounds }, () =>
    processes.map((each, index) => {
      const { ms, stdout } = runNode(each);
      check(stdout, index);
      return ms;
    }),
  );
  return processes.map((_, index) => toMedian(times.map((round) => round[index] ?? 0)));
}
