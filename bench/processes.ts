import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { toMedian } from './medians.ts';

/** One Node process: its script with arguments, its whole environment, and until when it is timed. */
export interface NodeProcess {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** To its exit, when absent; or until it has printed: what it does to end is then left out. */
  readonly until?: 'printed';
}

/** How long a process took from its start, and what it printed. */
export interface Finished {
  readonly ms: number;
  readonly stdout: string;
}

const timeoutMs = 300_000;

/** Runs a process to its end. @throws Error when it fails */
export async function runNode({ args, env = {}, until }: NodeProcess): Promise<Finished> {
  const since = performance.now();
  const child = spawn(process.execPath, args, { env, timeout: timeoutMs });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  let printedMs = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    printedMs = performance.now() - since;
    out.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  let exitMs = 0;
  child.once('exit', () => {
    exitMs = performance.now() - since;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  const [stdout, stderr] = [out, err].map((chunks) => Buffer.concat(chunks).toString('utf8'));
  if (status === 0) return { ms: until === 'printed' ? printedMs : exitMs, stdout: stdout ?? '' };
  const name = args[0] ?? '';
  throw new Error(
    `the process of ${name} ended with ${status ?? 'a signal'}\n${stderr ?? ''}${stdout ?? ''}`,
  );
}

/** Runs processes in turn, after one round that does not count. Returns the median time of each, in milliseconds. */
export async function timeInTurn(
  rounds: number,
  processes: readonly NodeProcess[],
  check: (stdout: string, index: number) => void = () => undefined,
): Promise<readonly number[]> {
  const times = processes.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, each] of processes.entries()) {
      const { ms, stdout } = await runNode(each);
      check(stdout, index);
      if (round > 0) times[index]?.push(ms);
    }
  }
  return times.map(toMedian);
}
