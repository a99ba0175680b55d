import type { LimitHold } from '../jobs/limit-hold.ts';
import { toDayEnd, toLeft, type LimitUse } from '../jobs/limits.ts';

type LimitHeaders = Readonly<Record<string, string>>;

/** The limits that a job holds, and how much of them is used; `usage` is undefined when that was not read. */
export interface LimitState {
  readonly holds: readonly LimitHold[];
  readonly usage: ReadonlyMap<string, LimitUse> | undefined;
  readonly now: Date;
}

const SECONDS_PER_DAY = 24 * 3600;

/**
 * Writes the limits as `RateLimit-Policy` and, for who preferred `rate-limit`, what is left of them as `RateLimit`. A day
 * is a window; jobs that run at a time have none, and are what the draft calls concurrent requests.
 * Source: draft-ietf-httpapi-ratelimit-headers-11, RateLimit-Policy and RateLimit.
 */
export function toLimitHeaders({ holds, usage, now }: LimitState): LimitHeaders {
  const policies = holds.map(({ limit, most }) =>
    limit === 'runs-per-day'
      ? `"${limit}";q=${most};w=${SECONDS_PER_DAY}`
      : `"${limit}";q=${most};qu="concurrent-requests"`,
  );
  if (policies.length === 0) return {};
  const policy = { 'ratelimit-policy': policies.join(', ') };
  if (usage === undefined) return policy;
  const states = holds.map((hold) => {
    const left = `"${hold.limit}";r=${toLeft(hold, usage.get(hold.key))}`;
    return hold.limit === 'runs-per-day' ? `${left};t=${secondsUntil(toDayEnd(now), now)}` : left;
  });
  return { ...policy, ratelimit: states.join(', '), 'preference-applied': 'rate-limit' };
}

function secondsUntil(end: Date, now: Date): number {
  return Math.max(1, Math.ceil((end.getTime() - now.getTime()) / 1000));
}
