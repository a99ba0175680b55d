import type { Environment } from '../config/reader.ts';
import { createLog, type Log } from '../log.ts';
import type { Send } from '../transport.ts';

/** What a process gives to the code in it: the clock, the environment, standard output and, where a test plays it, the network. */
export interface Runtime {
  readonly environment: Environment;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Log;
  /** Sends every request instead of node:https. */
  readonly send?: Send;
}

/** The runtime of a process that also writes lines of its own making. */
export interface FunctionRuntime extends Runtime {
  /** Writes one line to the function's log as it is. */
  readonly writeLine: (line: string) => void;
}

/** The runtime of a Lambda function; log lines go to standard output, which Lambda carries to CloudWatch Logs. */
export function createRuntime(): FunctionRuntime {
  const now = (): Date => new Date();
  const writeLine = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  return {
    environment: process.env,
    now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    log: createLog({ writeLine, now }, { service: 'jobgate' }),
    writeLine,
  };
}

/** Makes a value when it is first asked for and keeps it; a failure is not kept. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
