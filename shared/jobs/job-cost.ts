import { toMeasured, toUpperBound } from '../cost/estimate.ts';
import type { Money } from '../templates/template.ts';
import type { JobRecord } from './job.ts';

/** What a job costs, as the API shows it; amounts are decimal strings of one currency. */
export interface CostView {
  readonly currency: string;
  readonly estimate: { readonly low: string; readonly high: string };
  /** Its length is held to this. */
  readonly maxCost: Money;
  /** What it has cost as of `asOf`: at most, by the time that has passed, until Dataproc has measured it. */
  readonly accrued: {
    readonly amount: string;
    readonly basis: 'upper_bound' | 'measured';
    readonly asOf: string;
  };
  readonly prices: { readonly asOf: string; readonly source: string; readonly listed: boolean };
}

/** Shows what a job costs; null where there is no price, as for a cluster that others pay for too. */
export function toCostView(record: JobRecord): CostView | null {
  const { cost } = record;
  if (cost === null) return null;
  const { low, high, currency, maxCost, basis } = cost;
  return {
    currency,
    estimate: { low, high },
    maxCost,
    accrued: toAccrued(record, basis),
    prices: { asOf: basis.pricesAsOf, source: basis.pricesSource, listed: basis.listed },
  };
}

function toAccrued(
  { startedAt, endedAt, checkedAt, usage }: JobRecord,
  basis: NonNullable<JobRecord['cost']>['basis'],
): CostView['accrued'] {
  const asOf = endedAt ?? checkedAt;
  if (usage !== null) return { amount: toMeasured(basis, usage), basis: 'measured', asOf };
  const ms = startedAt === null ? 0 : Date.parse(asOf) - Date.parse(startedAt);
  return { amount: toUpperBound(basis, ms / 1000), basis: 'upper_bound', asOf };
}
