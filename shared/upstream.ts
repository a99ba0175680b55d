import { Problem, PROBLEMS, type ProblemCode } from './problem.ts';
import { TransportError } from './transport.ts';

/** Names of the services behind Jobgate, as callers see them. */
export type UpstreamName =
  'Dataproc' | 'Cloud Storage' | 'Google STS' | 'IAM Credentials' | 'DynamoDB' | 'Secrets Manager';

/** Seconds to wait before a retry: Dataproc's quotas refill by the minute, an outage may end sooner. */
const RETRY_AFTER_SECONDS = 5;

/** Turns a failed exchange into a problem; anything else is passed on as it is. */
export function toUpstreamProblem(thrown: unknown, upstream: UpstreamName): unknown {
  if (!(thrown instanceof TransportError)) return thrown;
  const code: ProblemCode =
    thrown.kind === 'timeout'
      ? 'upstream_timeout'
      : thrown.kind === 'refused'
        ? 'upstream_unavailable'
        : 'upstream_error';
  return upstreamProblem(code, upstream, { cause: thrown });
}

/** Makes the problem for an upstream failure; `status` is the upstream's own HTTP status, where it gave one. */
export function upstreamProblem(
  code: ProblemCode,
  upstream: UpstreamName,
  reason: { readonly status?: number; readonly cause?: unknown; readonly detail?: string },
): Problem {
  const { retryable } = PROBLEMS[code];
  const said = reason.status === undefined ? '' : ` (it answered ${reason.status})`;
  const detail = reason.detail ?? DETAILS[code] ?? 'could not be used';
  const advice = retryable ? ' Try again.' : '';
  return new Problem(
    code,
    `${upstream} ${detail}${said}.${advice}`,
    { upstream, ...(retryable ? { retryAfter: RETRY_AFTER_SECONDS } : {}) },
    reason.cause,
  );
}

const DETAILS: Partial<Record<ProblemCode, string>> = {
  upstream_unavailable: 'cannot be reached or is overloaded',
  upstream_timeout: 'did not answer in time',
  upstream_error: 'failed or cut the connection',
  upstream_refused: 'refused the request',
  credentials_refused: 'refused Jobgate’s own identity, which its operators must mend',
};

/** The code for an HTTP status that is no success, or a success that is of no use. Source: Google Cloud APIs, errors. */
export function toUpstreamCode(status: number): ProblemCode {
  if (status === 504) return 'upstream_timeout';
  if (status === 429 || status === 503) return 'upstream_unavailable';
  return status >= 500 || status === 401 || status < 300 ? 'upstream_error' : 'upstream_refused';
}
