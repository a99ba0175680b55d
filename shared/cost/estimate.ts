import type { Money, TemplateLimits } from '../templates/template.ts';
import { compareMoney, CURRENCY, toAmount, toHundredths, toMicros } from './money.ts';
import {
  HOURS_PER_MONTH,
  PRICES_AS_OF,
  PRICES_SOURCE,
  toRegionPrices,
  type RegionPrices,
} from './prices.ts';
import { toSizeBand, type BatchSize } from './size.ts';

/** What an estimate rests on: kept with a job, so that what it has cost is reckoned by the prices it was admitted under. */
export interface CostBasis extends RegionPrices {
  readonly pricesAsOf: string;
  readonly pricesSource: string;
  readonly least: BatchSize;
  readonly most: BatchSize;
}

/** What a run may cost, decided before it starts: at least and at most, and the cap that its length is held to. */
export interface JobCost {
  readonly currency: string;
  readonly low: string;
  readonly high: string;
  readonly maxCost: Money;
  readonly basis: CostBasis;
}

/** What a job has used, as Dataproc measured it. Source: Dataproc REST reference, UsageMetrics. */
export interface JobUsage {
  readonly milliDcuSeconds: number;
  readonly shuffleStorageGbSeconds: number;
}

/** Seconds that are charged at least. Source: https://cloud.google.com/dataproc-serverless/pricing */
const CHARGED_SECONDS = 60;
/** Seconds after which Dataproc ends a batch by itself, at the earliest. Source: Dataproc REST reference, ExecutionConfig.ttl. */
export const SHORTEST_TTL_SECONDS = 600;

/** The run that is to be priced; properties are Spark's. */
export interface PricedRun {
  readonly properties: Readonly<Record<string, string>>;
  readonly region: string;
  readonly maxRuntimeSeconds: number;
  readonly maxCost: Money;
}

/** The cost of a run, null where it has no price, and the seconds after which it is to be ended. */
export interface CappedRun {
  readonly cost: JobCost | null;
  readonly maxRuntimeSeconds: number;
}

/** As {@link CappedRun}, of a batch. */
export interface PricedCap extends CappedRun {
  readonly cost: JobCost;
}

/**
 * Prices a run of a batch. Dataproc ends it by itself after these seconds, so that the cap holds without anybody
 * watching; they may be too few for that: see {@link SHORTEST_TTL_SECONDS}.
 */
export function capRun({ properties, region, maxRuntimeSeconds, maxCost }: PricedRun): PricedCap {
  const basis: CostBasis = {
    ...toRegionPrices(region),
    pricesAsOf: PRICES_AS_OF,
    pricesSource: PRICES_SOURCE,
    ...toSizeBand(properties),
  };
  const affordable = toSeconds(toMicros(maxCost.amount), basis);
  const seconds = Math.min(maxRuntimeSeconds, affordable);
  const low = toCost(toUsed(basis.least, CHARGED_SECONDS), basis);
  const high = toCost(toUsed(basis.most, seconds), basis);
  return {
    cost: {
      currency: CURRENCY,
      low: toAmount(low, 'down'),
      high: toAmount(high, 'up'),
      maxCost,
      basis,
    },
    maxRuntimeSeconds: seconds,
  };
}

/** Tells whether it was the money that set the time of a run, and not its template's or its caller's own bound. */
export function isCappedByCost({ maxCost, basis }: JobCost, maxRuntimeSeconds: number): boolean {
  return toSeconds(toMicros(maxCost.amount), basis) <= maxRuntimeSeconds;
}

/** Tells whether a run that had been of this size all along would have cost more than its cap after so many seconds. */
export function isSpent({ maxCost, basis }: JobCost, size: BatchSize, seconds: number): boolean {
  const charged = Math.max(CHARGED_SECONDS, Math.ceil(seconds));
  return toCost(toUsed(size, charged), basis) > toMicros(maxCost.amount);
}

/** The lowest cap, in whole hundredths, under which a run may take this time. */
export function toLeastCap(basis: CostBasis, seconds: number): string {
  return toHundredths(toCost(toUsed(basis.most, seconds), basis));
}

/** The most that a run has cost so far, rounded up; nothing before it has started. */
export function toUpperBound(basis: CostBasis, seconds: number): string {
  const charged = seconds <= 0 ? 0 : Math.max(CHARGED_SECONDS, Math.ceil(seconds));
  return toAmount(toCost(toUsed(basis.most, charged), basis), 'up');
}

/** What measured use costs, rounded up. */
export function toMeasured(basis: CostBasis, usage: JobUsage): string {
  return toAmount(toCost(usage, basis), 'up');
}

/** The lower of two caps. @throws Error when they are of two currencies, which no request that was checked is. */
export function toLowerCap(
  asked: Money | undefined,
  limits: Pick<TemplateLimits, 'maxCost'>,
): Money {
  return asked === undefined || compareMoney(asked, limits.maxCost) > 0 ? limits.maxCost : asked;
}

function toUsed({ milliDcu, shuffleGb }: BatchSize, seconds: number): JobUsage {
  return {
    milliDcuSeconds: milliDcu * seconds,
    shuffleStorageGbSeconds: shuffleGb * seconds,
  };
}

const SECONDS_PER_HOUR = 3600n;
/** Both prices have this denominator: thousandths of a DCU for an hour, and GB for a month, in seconds. */
const DENOMINATOR = 1000n * SECONDS_PER_HOUR * BigInt(HOURS_PER_MONTH);

/** Whole millionths, rounded up. */
function toCost(usage: JobUsage, prices: RegionPrices): bigint {
  return (toNumerator(usage, prices) + DENOMINATOR - 1n) / DENOMINATOR;
}

/** Whole seconds that an amount pays for at the worst rate, rounded down. */
function toSeconds(micros: bigint, basis: CostBasis): number {
  const perSecond = toNumerator(toUsed(basis.most, 1), basis);
  const seconds = (micros * DENOMINATOR) / perSecond;
  return Number(seconds < BigInt(Number.MAX_SAFE_INTEGER) ? seconds : Number.MAX_SAFE_INTEGER);
}

function toNumerator(usage: JobUsage, prices: RegionPrices): bigint {
  const { milliDcuSeconds, shuffleStorageGbSeconds } = usage;
  return (
    BigInt(milliDcuSeconds) * BigInt(prices.dcuHourMicros) * BigInt(HOURS_PER_MONTH) +
    BigInt(shuffleStorageGbSeconds) * BigInt(prices.shuffleGbMonthMicros) * 1000n
  );
}
