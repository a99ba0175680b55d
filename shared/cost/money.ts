import type { Money } from '../templates/template.ts';

/** The one currency that the price table has. */
export const CURRENCY = 'USD';

/** Millionths in one unit of a currency. */
const MICROS = 1_000_000n;
/** Millionths in the last decimal place that is written. */
const STEP = 100n;

/** Reads a decimal string of at most six decimals as whole millionths: money is never a floating-point number. */
export function toMicros(amount: string): bigint {
  const [, whole = '', decimals = ''] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(amount) ?? [];
  if (whole === '') throw new Error('no amount of money');
  return BigInt(whole) * MICROS + BigInt(decimals.padEnd(6, '0'));
}

/** Writes millionths as a decimal string of two to four decimals, rounded to whole ten-thousandths. */
export function toAmount(micros: bigint, round: 'up' | 'down'): string {
  const steps = (micros + (round === 'up' ? STEP - 1n : 0n)) / STEP;
  const decimals = String(steps % 10_000n).padStart(4, '0');
  return `${steps / 10_000n}.${decimals.replace(/0{1,2}$/, '')}`;
}

/** As {@link toAmount}, rounded up to whole hundredths: what an amount that a caller sends may be. */
export function toHundredths(micros: bigint): string {
  return toAmount(((micros + 9_999n) / 10_000n) * 10_000n, 'up');
}

/** Tells which of two amounts of one currency is less: negative, zero or positive, as a sort wants it. */
export function compareMoney(one: Money, other: Money): number {
  if (one.currency !== other.currency) throw new Error('amounts of two currencies');
  const difference = toMicros(one.amount) - toMicros(other.amount);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
