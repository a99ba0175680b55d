import { describe, expect, it } from 'vitest';
import {
  capRun,
  toLeastCap,
  toLowerCap,
  toMeasured,
  toUpperBound,
  type PricedCap,
  type PricedRun,
} from '../../../shared/cost/estimate.ts';

const usd = (amount: string) => ({ amount, currency: 'USD' });

function cap(changes: Partial<PricedRun> = {}): PricedCap {
  return capRun({
    properties: {},
    region: 'us-central1',
    maxRuntimeSeconds: 1800,
    maxCost: usd('5.00'),
    ...changes,
  });
}

describe('the estimate of a run', () => {
  it('is the charge for a minute of the least, and the worst rate for as long as it may run', () => {
    // Least: (12 × 0.06 + 1,200 × 0.04 / 672) / 60 = 0.01319; most: (44 × 0.06 + 4,400 × 0.04 / 672) / 2 = 1.45095.
    expect(cap().cost).toMatchObject({ currency: 'USD', low: '0.0131', high: '1.451' });
  });

  it('names the sizes and the dated prices that it rests on', () => {
    expect(cap().cost.basis).toEqual({
      region: 'us-central1',
      listed: true,
      dcuHourMicros: 60_000,
      shuffleGbMonthMicros: 40_000,
      pricesAsOf: '2026-11-21',
      pricesSource: 'https://cloud.google.com/dataproc-serverless/pricing',
      least: { milliDcu: 12_000, shuffleGb: 1_200 },
      most: { milliDcu: 44_000, shuffleGb: 4_400 },
    });
  });

  it.each([
    ['europe-west3', true, '1.8579'],
    ['southamerica-east1', true, '2.2919'],
    ['moon-north1', false, '3.056'],
  ])('is made with the prices of %s', (region, listed, high) => {
    expect(cap({ region }).cost).toMatchObject({ high, basis: { listed } });
  });
});

describe('the cap of a run', () => {
  it('leaves the time as it is when it pays for all of it', () => {
    expect(cap().maxRuntimeSeconds).toBe(1800);
    expect(cap({ maxCost: usd('999999999.99') }).maxRuntimeSeconds).toBe(1800);
  });

  it('ends the run before it can cost more, whatever it does', () => {
    const capped = cap({ maxCost: usd('0.60') });
    // 0.60 / 2.9019 an hour = 744.3 s
    expect(capped.maxRuntimeSeconds).toBe(744);
    expect(capped.cost).toMatchObject({ high: '0.5998', maxCost: usd('0.60') });
    expect(toUpperBound(capped.cost.basis, 744)).toBe('0.5998');
    expect(toUpperBound(capped.cost.basis, 745)).toBe('0.6006');
  });

  it('may be too low for the time after which Dataproc ends a batch', () => {
    expect(cap({ maxCost: usd('0.48') }).maxRuntimeSeconds).toBe(595);
    expect(cap({ maxCost: usd('0.49') }).maxRuntimeSeconds).toBe(607);
    expect(toLeastCap(cap().cost.basis, 600)).toBe('0.49');
    expect(cap({ maxCost: usd('0') }).maxRuntimeSeconds).toBe(0);
  });

  it('is the lower one of what is asked for and what is allowed', () => {
    const limits = { maxCost: usd('5.00') };
    expect(toLowerCap(undefined, limits)).toEqual(usd('5.00'));
    expect(toLowerCap(usd('0.9'), limits)).toEqual(usd('0.9'));
    expect(toLowerCap(usd('10'), limits)).toEqual(usd('5.00'));
  });
});

describe('what a run has cost', () => {
  const { basis } = cap().cost;

  it.each([
    [0, '0.00'],
    [-5, '0.00'],
    [1, '0.0484'],
    [60, '0.0484'],
    [60.2, '0.0492'],
    [3600, '2.902'],
  ])('is after %s seconds at most the worst rate, and a minute’s at least', (seconds, amount) => {
    expect(toUpperBound(basis, seconds)).toBe(amount);
  });

  it('is what was measured by the prices that it was admitted under', () => {
    // Google's example: 12 DCU for 24 hours at 0.06 and 25 GB of shuffle storage.
    const usage = { milliDcuSeconds: 12_000 * 86_400, shuffleStorageGbSeconds: 25 * 86_400 };
    expect(toMeasured(basis, usage)).toBe('17.3158');
  });

  it('is exact for numbers that no floating-point product holds', () => {
    const usage = { milliDcuSeconds: 9_007_199_254_740_991, shuffleStorageGbSeconds: 1 };
    expect(toMeasured(basis, usage)).toBe('150119987.5791');
  });
});
