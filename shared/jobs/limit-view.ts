import type { LimitHold, LimitName } from './limit-hold.ts';
import { toDayEnd, toLeft, type LimitUse } from './limits.ts';

/** A run limit and how near it is, as the API shows it. */
export interface LimitView {
  readonly name: LimitName;
  readonly most: number;
  readonly used: number;
  readonly left: number;
  /** RFC 3339; null for jobs that run at a time. */
  readonly resetsAt: string | null;
}

/** Shows how much of each limit is used. */
export function toLimitViews(
  holds: readonly LimitHold[],
  usage: ReadonlyMap<string, LimitUse>,
  now: Date,
): readonly LimitView[] {
  return holds.map((hold) => ({
    name: hold.limit,
    most: hold.most,
    used: usage.get(hold.key)?.count ?? 0,
    left: toLeft(hold, usage.get(hold.key)),
    resetsAt: hold.limit === 'runs-per-day' ? toDayEnd(now).toISOString() : null,
  }));
}
