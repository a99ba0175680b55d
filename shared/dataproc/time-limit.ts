import type { JobError } from '../jobs/job.ts';

/** A time limit that Dataproc keeps: its seconds, null without one, and between which instants it ran. */
export interface TimeLimit {
  readonly seconds: number | null;
  readonly startedAt: string | null | undefined;
  readonly stoppedAt: string | null | undefined;
}

/**
 * Milliseconds by which a run may seem shorter than its limit, since Dataproc notes a state and starts a limit at two
 * moments. Chosen; the shortest limit that there is has 600 seconds.
 */
const SLACK_MS = 5_000;

/**
 * The error of a job that ran for as long as its limit let it, by Dataproc's own times; null for one that stopped before.
 * What Dataproc says of it is not documented, so that no message is read; a time that is missing tells nothing.
 */
export function findLimitError(limit: TimeLimit): JobError | null {
  const { seconds, startedAt, stoppedAt } = limit;
  if (seconds === null) return null;
  const ranMs = Date.parse(stoppedAt ?? '') - Date.parse(startedAt ?? '');
  return ranMs >= seconds * 1000 - SLACK_MS ? toLimitError(seconds) : null;
}

/** Seconds of a duration in proto3 JSON, `900s`; null for anything else. */
export function readSeconds(value: unknown): number | null {
  const match = typeof value === 'string' ? /^(\d{1,9})(?:\.\d{1,9})?s$/.exec(value) : null;
  return match === null ? null : Number(match[1]);
}

/** The limit is the template's, the caller's, or what a cost cap allows. */
function toLimitError(seconds: number): JobError {
  return {
    class: 'policy',
    code: 'max_runtime_reached',
    message:
      `The job ran for the ${seconds} seconds that it was allowed, and was ended. Give it less to do, or submit it ` +
      'with a larger maxRuntimeSeconds, or maxCost if that set the limit, as far as the template allows.',
    retryable: false,
    logTail: [],
  };
}
