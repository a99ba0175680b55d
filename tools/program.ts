import { execFile } from 'node:child_process';

/** How a program ended, and what it printed. */
export interface ProgramEnd {
  /** Null when it could not be started, or a signal or a bound ended it. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Bounds of a program; a program beyond them is ended. */
export interface ProgramOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Runs a program with arguments, without a shell, to its end. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, timeoutMs, maxBytes }: ProgramOptions,
): Promise<ProgramEnd> {
  const options = { cwd, timeout: timeoutMs, maxBuffer: maxBytes, encoding: 'buffer' } as const;
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      const said = stderr.toString() || (error?.message ?? '');
      resolve({ status: typeof status === 'number' ? status : null, stdout, stderr: said });
    });
  });
}
