import type { TestProject } from 'vitest/node';
import { createProgress } from '../../local/setup/progress.mjs';
import { startStack, type RunningStack } from '../../local/up/stack.ts';
import type { Stack } from '../../local/up/stack-file.ts';
import { playIssuers, type PlayedIssuer, type PlayedIssuers } from './played-issuers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly stack: Stack;
    readonly playedIssuers: readonly PlayedIssuer[];
  }
}

/** Origins whose pages the stack lets read its answers; the first is the one of the gateway's own. */
const ORIGINS = ['https://app.example', 'https://other.example:8443'];

let running: RunningStack | undefined;
let issuers: PlayedIssuers | undefined;

/**
 * Brings one stack up for all files of the project, with faults and token hooks that only tests may use, and with an
 * issuer of every kind, which the tests play.
 */
export async function setup(project: TestProject): Promise<void> {
  issuers = await playIssuers();
  running = await startStack({
    progress: createProgress(),
    faults: true,
    testHooks: true,
    issuers: issuers.trusted,
    // A sweep between two lines of a test would change what the second one finds: tests sweep themselves.
    parameters: {
      corsOrigins: ORIGINS.join(','),
      sweepEnabled: 'false',
      notifyEmail: 'operators@jobgate.example',
    },
  });
  running.failure.catch((error: unknown) => {
    process.stderr.write(`the stack failed under the tests: ${String(error)}\n`);
  });
  project.provide('stack', running.stack);
  project.provide('playedIssuers', issuers.played);
}

/** Ends the stack. */
export async function teardown(): Promise<void> {
  await running?.stop();
  await issuers?.stop();
}
