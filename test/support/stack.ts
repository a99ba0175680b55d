import type { TestProject } from 'vitest/node';
import { createProgress } from '../../local/setup/progress.mjs';
import { startStack, type RunningStack } from '../../local/up/stack.ts';
import type { Stack } from '../../local/up/stack-file.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly stack: Stack;
  }
}

let running: RunningStack | undefined;

/** Brings one stack up for all files of the project, with faults and token hooks that only tests may use. */
export async function setup(project: TestProject): Promise<void> {
  running = await startStack({ progress: createProgress(), faults: true, testHooks: true });
  running.failure.catch((error: unknown) => {
    process.stderr.write(`the stack failed under the tests: ${String(error)}\n`);
  });
  project.provide('stack', running.stack);
}

/** Ends the stack. */
export async function teardown(): Promise<void> {
  await running?.stop();
}
