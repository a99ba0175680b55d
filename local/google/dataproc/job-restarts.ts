import type { RestartLimits } from './job-request.ts';

const minuteMs = 60_000;
/** Source: JobScheduling in the shipped jobs.proto: four failures within ten minutes. */
const thrashing = { failures: 4, withinMs: 10 * minuteMs };

/**
 * Decides whether a job starts again after its latest failure, which is the last of `failures`. A
 * limit that is 0 is not set; without any, no job starts again.
 * Source: https://cloud.google.com/dataproc/docs/concepts/jobs/restartable-jobs
 */
export function decideRestart(
  failures: readonly Date[],
  { perHour, total }: RestartLimits,
): 'restart' | 'exhausted' | 'thrashing' {
  const latestMs = failures.at(-1)?.getTime() ?? 0;
  const within = (ms: number) => failures.filter((at) => at.getTime() > latestMs - ms).length;
  if (perHour === 0 && total === 0) return 'exhausted';
  if (perHour > 0 && within(60 * minuteMs) > perHour) return 'exhausted';
  if (total > 0 && failures.length > total) return 'exhausted';
  return within(thrashing.withinMs) >= thrashing.failures ? 'thrashing' : 'restart';
}
