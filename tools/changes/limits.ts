import { toAmount, toMicros } from '../../shared/cost/money.ts';
import type { Money, TemplateLimits } from '../../shared/templates/template.ts';
import type { Effect } from './change.ts';

/** What a change of limits does, and its words. */
export interface LimitsChange {
  readonly effect: Effect;
  readonly text: string;
}

/** The limits of a run in words. */
export function describeLimits(limits: TemplateLimits): string {
  const { maxRuntimeSeconds, maxConcurrent, maxRunsPerDay, maxCost } = limits;
  const { perCaller, perTemplate } = maxConcurrent;
  const run = `up to ${toText(maxCost)} and ${toCount(maxRuntimeSeconds)} s a run`;
  const many = `${toCount(perCaller)} at once (${toCount(perTemplate)} of all callers)`;
  return `${run}, ${many}, ${toCount(maxRunsPerDay)} a day`;
}

/** Says which limits are other ones; undefined when none is. */
export function compareLimits(
  before: TemplateLimits,
  after: TemplateLimits,
): LimitsChange | undefined {
  const rows = toRows(before).map((was, index) => ({ was, is: toRows(after)[index] ?? was }));
  const changed = rows.filter(({ was, is }) => was.text !== is.text);
  if (changed.length === 0) return undefined;
  const isWider = changed.some(({ was, is }) => was.unit !== is.unit || is.amount > was.amount);
  const texts = changed.map(({ was, is }) => `${is.name} up to ${is.text} (was ${was.text})`);
  return { effect: isWider ? 'wider' : 'narrower', text: texts.join(', ') };
}

interface Row {
  readonly name: string;
  /** A whole number of the unit, of money of millionths. */
  readonly amount: bigint;
  readonly unit: string;
  readonly text: string;
}

function toRows({ maxRuntimeSeconds, maxConcurrent, maxRunsPerDay, maxCost }: TemplateLimits) {
  return [
    toMoneyRow('cost of a run', maxCost),
    toRow('runtime', maxRuntimeSeconds, ' s'),
    toRow('runs at once of one caller', maxConcurrent.perCaller),
    toRow('runs at once of all callers', maxConcurrent.perTemplate),
    toRow('runs a day of one caller', maxRunsPerDay),
  ];
}

function toRow(name: string, amount: number, unit = ''): Row {
  return { name, amount: BigInt(amount), unit, text: `${toCount(amount)}${unit}` };
}

function toMoneyRow(name: string, money: Money): Row {
  return { name, amount: toMicros(money.amount), unit: money.currency, text: toText(money) };
}

function toText({ amount, currency }: Money): string {
  return `${toAmount(toMicros(amount), 'up')} ${currency}`;
}

function toCount(value: number): string {
  return value.toLocaleString('en-US');
}
