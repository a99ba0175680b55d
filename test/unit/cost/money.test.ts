import { describe, expect, it } from 'vitest';
import { compareMoney, toAmount, toHundredths, toMicros } from '../../../shared/cost/money.ts';

describe('an amount of money', () => {
  it.each([
    ['0', 0n],
    ['5', 5_000_000n],
    ['5.00', 5_000_000n],
    ['0.1', 100_000n],
    ['0.000001', 1n],
    ['999999999.99', 999_999_999_990_000n],
  ])('of %s is that many millionths', (amount, micros) => {
    expect(toMicros(amount)).toBe(micros);
  });

  it.each(['', '.5', '-1', '1e3', '1,5', ' 1', '1.0000001', '1.2.3x'])('is not %j', (amount) => {
    expect(() => toMicros(amount)).toThrow('no amount of money');
  });

  it.each([
    [0n, '0.00', '0.00'],
    [1n, '0.0001', '0.00'],
    [100n, '0.0001', '0.0001'],
    [1_450_951n, '1.451', '1.4509'],
    [1_500_000n, '1.50', '1.50'],
    [123_456_789_000n, '123456.789', '123456.789'],
  ])('of %s millionths is written with two to four decimals', (micros, up, down) => {
    expect([toAmount(micros, 'up'), toAmount(micros, 'down')]).toEqual([up, down]);
  });

  it.each([
    [483_651n, '0.49'],
    [480_000n, '0.48'],
    [1n, '0.01'],
  ])('of %s millionths is %s in whole hundredths', (micros, amount) => {
    expect(toHundredths(micros)).toBe(amount);
  });

  it('is compared by its worth and not by its text', () => {
    const usd = (amount: string) => ({ amount, currency: 'USD' });
    expect(compareMoney(usd('9.9'), usd('10'))).toBe(-1);
    expect(compareMoney(usd('5'), usd('5.00'))).toBe(0);
    expect(compareMoney(usd('5.01'), usd('5.1'))).toBe(-1);
    expect(compareMoney(usd('5.1'), usd('5.01'))).toBe(1);
    expect(() => compareMoney(usd('1'), { amount: '1', currency: 'EUR' })).toThrow();
  });
});
