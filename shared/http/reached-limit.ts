import type { ProblemExtras } from '../problem.ts';

const SECONDS_PER_DAY = 24 * 3600;

/**
 * Writes a limit that was reached as `RateLimit-Policy` and `RateLimit`; nothing for any other problem.
 * Source: draft-ietf-httpapi-ratelimit-headers-11, RateLimit-Policy and RateLimit.
 */
export function toReachedHeaders({
  limit,
  retryAfter,
}: ProblemExtras): Readonly<Record<string, string>> {
  if (limit === undefined) return {};
  const ofDay = limit.resetsAt !== undefined;
  const policy = ofDay ? `w=${SECONDS_PER_DAY}` : 'qu="concurrent-requests"';
  const until = ofDay && retryAfter !== undefined ? `;t=${retryAfter}` : '';
  return {
    'ratelimit-policy': `"${limit.name}";q=${limit.most};${policy}`,
    ratelimit: `"${limit.name}";r=0${until}`,
  };
}
