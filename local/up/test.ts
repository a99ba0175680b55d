import { runTests } from '../../tools/test.ts';
import type { CommandOptions } from './command.ts';
import { scrubEnvironment } from './environment.ts';
import { createRun, removeRun } from './runs.ts';
import { endLeftovers } from './sweep.ts';

/** What the checks may see of the user's environment: how to print, and whether CI runs them. */
const KEPT = ['TERM', 'FORCE_COLOR', 'NO_COLOR', 'CI', 'SHELL', 'USER'];

/**
 * Runs every check with a HOME and a TMPDIR of its own, removed afterwards, and returns the exit
 * status. Stacks that the tests start are runs of their own.
 */
export async function runTest({ args, end }: CommandOptions): Promise<number> {
  const run = createRun();
  try {
    replaceEnvironment(scrubEnvironment(run, process.env, keepSome(process.env)));
    return await runTests(args, end.signal);
  } finally {
    await endLeftovers(run);
    removeRun(run);
  }
}

/** The checks are children of this process and inherit what it has. */
function replaceEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
}

function keepSome(outer: NodeJS.ProcessEnv): Record<string, string> {
  const entries = KEPT.map((name): [string, string] => [name, outer[name] ?? '']);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}
