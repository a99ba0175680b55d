import { describe, expect, it } from 'vitest';
import { toLimitHeaders } from '../../../shared/http/rate-limit.ts';
import { toReachedHeaders } from '../../../shared/http/reached-limit.ts';
import type { LimitHold } from '../../../shared/jobs/limit-hold.ts';

const NOW = new Date('2026-01-15T23:59:00.500Z');
const HOLDS: readonly LimitHold[] = [
  { limit: 'runs-per-day', key: 'day', most: 50 },
  { limit: 'concurrent-per-caller', key: 'caller', most: 2 },
];

function use(
  key: string,
  count: number,
): readonly [string, { key: string; count: number; holders: [] }] {
  return [key, { key, count, holders: [] }];
}

describe('the rate limit fields of an answer', () => {
  it('name each limit, what is left of it, and when a day ends', () => {
    const usage = new Map([use('day', 9), use('caller', 1)]);
    expect(toLimitHeaders({ holds: HOLDS, usage, now: NOW })).toEqual({
      'ratelimit-policy':
        '"runs-per-day";q=50;w=86400, "concurrent-per-caller";q=2;qu="concurrent-requests"',
      ratelimit: '"runs-per-day";r=41;t=60, "concurrent-per-caller";r=1',
      'preference-applied': 'rate-limit',
    });
  });

  it('never leave less than nothing', () => {
    const usage = new Map([use('day', 60), use('caller', 3)]);
    expect(toLimitHeaders({ holds: HOLDS, usage, now: NOW })['ratelimit']).toBe(
      '"runs-per-day";r=0;t=60, "concurrent-per-caller";r=0',
    );
  });

  it('are the limits alone when nobody asked what is left, and nothing without limits', () => {
    const known = toLimitHeaders({ holds: HOLDS, usage: undefined, now: NOW });
    expect(Object.keys(known)).toEqual(['ratelimit-policy']);
    expect(toLimitHeaders({ holds: [], usage: new Map(), now: NOW })).toEqual({});
  });
});

describe('the rate limit fields of a refusal', () => {
  it.each([
    [
      { name: 'concurrent-per-caller', most: 2, count: 2 },
      '"concurrent-per-caller";q=2;qu="concurrent-requests"',
      '"concurrent-per-caller";r=0',
    ],
    [
      { name: 'runs-per-day', most: 50, count: 50, resetsAt: '2026-01-16T00:00:00.000Z' },
      '"runs-per-day";q=50;w=86400',
      '"runs-per-day";r=0;t=60',
    ],
  ])('name the limit that is reached: %j', (limit, policy, state) => {
    expect(toReachedHeaders({ limit, retryAfter: 60 })).toEqual({
      'ratelimit-policy': policy,
      ratelimit: state,
    });
  });

  it('are none for another problem', () => {
    expect(toReachedHeaders({ retryAfter: 5 })).toEqual({});
  });
});
