import type { CostBasis } from '../../shared/cost/estimate.ts';

/** Prices by which one DCU costs six hundredths an hour, and a batch that takes up one DCU, or `mostMilliDcu` thousandths at most. */
export function makeCostBasis(mostMilliDcu = 1_000): CostBasis {
  return {
    region: 'us-central1',
    dcuHourMicros: 60_000,
    shuffleGbMonthMicros: 40_000,
    listed: true,
    pricesAsOf: '2026-11-01',
    pricesSource: 'test',
    least: { milliDcu: 1_000, shuffleGb: 0 },
    most: { milliDcu: mostMilliDcu, shuffleGb: 0 },
  };
}
