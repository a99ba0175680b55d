import { describe, expect, it } from 'vitest';
import { decideRestart } from '../../../../local/google/dataproc/job-restarts.ts';

/** Failures so many minutes after one another. */
function failures(...minutes: readonly number[]): readonly Date[] {
  return minutes.map((minute) => new Date(Date.UTC(2026, 10, 21, 0, minute)));
}

describe('a job whose driver fails', () => {
  it.each([
    ['ends without limits', failures(0), { perHour: 0, total: 0 }, 'exhausted'],
    ['restarts once of one', failures(0), { perHour: 0, total: 1 }, 'restart'],
    ['ends after one of one', failures(0, 30), { perHour: 0, total: 1 }, 'exhausted'],
    ['restarts twice an hour', failures(0, 20), { perHour: 2, total: 0 }, 'restart'],
    ['ends at the third in an hour', failures(0, 20, 40), { perHour: 2, total: 0 }, 'exhausted'],
    ['forgets what was an hour ago', failures(0, 20, 60), { perHour: 2, total: 0 }, 'restart'],
    ['keeps both limits', failures(0, 90), { perHour: 5, total: 1 }, 'exhausted'],
    [
      'thrashes at four in ten minutes',
      failures(0, 3, 6, 9),
      { perHour: 9, total: 9 },
      'thrashing',
    ],
    ['does not thrash more slowly', failures(0, 4, 8, 12), { perHour: 9, total: 9 }, 'restart'],
  ] as const)('%s', (_, times, limits, decision) => {
    expect(decideRestart(times, limits)).toBe(decision);
  });
});
