import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { projectFolder } from './layout.ts';
import { readToolchain } from './toolchain.ts';

const folder = join(projectFolder, 'bench');

/**
 * Runs one benchmark with its own arguments, or all of them in turn. Returns 0 only if each gave
 * the right answer and reached its number. @throws StackFailure when there is no such benchmark
 */
export async function runBench({ args, end }: CommandOptions): Promise<number> {
  const [name, ...rest] = args;
  const all = readdirSync(folder)
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.replace('.bench.ts', ''));
  if (name !== undefined && !existsSync(join(folder, `${name}.bench.ts`)))
    throw new StackFailure(`There is no benchmark "${name}": use one of ${all.join(', ')}.`);
  let status = 0;
  for (const each of name === undefined ? all : [name]) {
    if (end.signal.aborted) return 130;
    status = Math.max(status, await runProgram(join(folder, `${each}.bench.ts`), rest, end.signal));
  }
  return status;
}

function runProgram(file: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn(readToolchain().node, [file, ...args], {
    cwd: projectFolder,
    stdio: 'inherit',
  });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? 1);
    });
  });
}
