import { toMicros } from '../shared/cost/money.ts';

/** A fault in a template's rules and the path of keys and indices to it. */
export interface RuleFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface Money {
  readonly amount: string;
  readonly currency: string;
}

interface Limits {
  readonly maxRuntimeSeconds?: number;
  readonly maxConcurrent?: { readonly perCaller?: number; readonly perTemplate?: number };
  readonly maxRunsPerDay?: number;
  readonly maxCost?: Money;
}

type Rule = Readonly<Record<string, unknown>> & { readonly limits?: Limits };

/** Finds rules of a template, which its schema has passed, that name nobody, and limits above the template's own. */
export function findRuleFaults(template: ReadonlyMap<string, unknown>): readonly RuleFault[] {
  const rules = template.get('allow') as readonly Rule[];
  const limits = template.get('limits') as Limits;
  return rules.flatMap((rule, index) => [
    ...(Object.keys(rule).every((member) => member === 'limits')
      ? [{ path: ['allow', index], message: 'names nobody: give it a condition' }]
      : []),
    ...findHigher(rule.limits ?? {}, limits).map((name) => ({
      path: ['allow', index, 'limits', ...name.split('.')],
      message: 'must not be above the template’s own',
    })),
  ]);
}

/** Names the limits of a rule that are above the template's; money of another currency cannot be compared. */
function findHigher(own: Limits, most: Limits): readonly string[] {
  const amounts = [toAmounts(own), toAmounts(most)] as const;
  const higher = [...amounts[0]].filter(([name, value]) => value > (amounts[1].get(name) ?? 0n));
  const currencies = [own.maxCost?.currency, most.maxCost?.currency];
  const foreign = own.maxCost !== undefined && currencies[0] !== currencies[1];
  const names = higher.map(([name]) => name);
  return foreign && !names.includes('maxCost') ? [...names, 'maxCost'] : names;
}

/** Each limit that there is as a whole number: of seconds, of runs, of millionths of money. */
function toAmounts(limits: Limits): ReadonlyMap<string, bigint> {
  const all = new Map<string, number | bigint | undefined>([
    ['maxRuntimeSeconds', limits.maxRuntimeSeconds],
    ['maxConcurrent.perCaller', limits.maxConcurrent?.perCaller],
    ['maxConcurrent.perTemplate', limits.maxConcurrent?.perTemplate],
    ['maxRunsPerDay', limits.maxRunsPerDay],
    ['maxCost', limits.maxCost === undefined ? undefined : toMicros(limits.maxCost.amount)],
  ]);
  return new Map(
    [...all].flatMap(([name, value]) => (value === undefined ? [] : [[name, BigInt(value)]])),
  );
}
