import { defineConfig } from 'vitest/config';

/**
 * `fast` needs no process beside the tests; `local` starts single servers of the local stack, and
 * `soak` one that it keeps busy for minutes; `stack` runs against one
 * whole deployed stack, and `stacks` starts several of its own.
 */
export default defineConfig({
  test: {
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'fast',
          include: [
            'test/{architecture,unit,property,tools}/**/*.test.ts',
            'test/contract/**/*.memory.test.ts',
          ],
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts', 'test/contract/**/*.local.test.ts'],
          exclude: ['test/local/**/soak.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file has servers, ports and folders of its own; most of them wait for a Java.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'soak',
          include: ['test/local/**/soak.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'stack',
          include: [
            'test/functions/**/*.test.ts',
            'test/contract/**/*.stack.test.ts',
            'test/e2e/**/*.e2e.test.ts',
          ],
          globalSetup: ['test/support/stack.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'stacks',
          include: ['test/e2e/**/*.stacks.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
