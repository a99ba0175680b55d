import { delimiter } from 'node:path';
import { programFolder } from './layout.ts';
import type { Run } from './runs.ts';

/** The variable that marks every process of a run, however deep. */
export const RUN_MARKER = 'JOBGATE_RUN';

/**
 * Makes the environment of a process under a run: nothing of the user's but PATH, Node 24 first on
 * it, so that no credential or setting of this machine reaches the stack, and nothing looks for a
 * cloud's metadata server.
 */
export function scrubEnvironment(
  run: Run,
  outer: NodeJS.ProcessEnv,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: [programFolder, outer['PATH'] ?? '/usr/bin:/bin'].join(delimiter),
    HOME: run.home,
    TMPDIR: run.temporary,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    METADATA_SERVER_DETECTION: 'none',
    NO_GCE_CHECK: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
    [RUN_MARKER]: run.id,
    ...extra,
  };
}
