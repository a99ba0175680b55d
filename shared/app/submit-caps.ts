import type { TargetConfig, TargetKind } from '../config/targets.ts';
import {
  capRun,
  SHORTEST_TTL_SECONDS,
  toLowerCap,
  toLeastCap,
  type CappedRun,
} from '../cost/estimate.ts';
import { compareMoney } from '../cost/money.ts';
import { boundExecutors } from '../cost/size.ts';
import type { SubmitBody } from '../http/submit-body.ts';
import { Problem } from '../problem.ts';
import type { Template, TemplateLimits } from '../templates/template.ts';

/** A cluster that is made for the job lives a day at most: Dataproc bounds a workflow's time. */
const MOST_SECONDS = {
  batch: Number.POSITIVE_INFINITY,
  cluster: Number.POSITIVE_INFINITY,
  workflow: 86_400,
} as const satisfies Record<TargetKind, number>;

/** What caps are reckoned from. */
export interface AskedCaps {
  readonly body: Pick<SubmitBody, 'maxCost' | 'maxRuntimeSeconds'>;
  readonly template: Pick<Template, 'name' | 'program'>;
  /** Those that hold for the caller. */
  readonly limits: TemplateLimits;
}

/** A place, of which only batches have a price. */
type PricedPlace = Pick<TargetConfig, 'kind' | 'region'>;

/**
 * Holds what is asked for to what the caller may have, and both to what Dataproc can end by itself.
 * @throws Problem `validation_failed`.
 */
export function requireCaps({ body, template, limits }: AskedCaps, place: PricedPlace): CappedRun {
  const maxRuntimeSeconds = requireRuntime(body, limits, place.kind);
  if (place.kind !== 'batch') return requireUnpriced(body, maxRuntimeSeconds);
  requireCost(body, limits);
  const capped = capRun({
    properties: boundExecutors(template.program.properties),
    region: place.region,
    maxRuntimeSeconds,
    maxCost: toLowerCap(body.maxCost, limits),
  });
  if (capped.maxRuntimeSeconds >= SHORTEST_TTL_SECONDS) return capped;
  const least = toLeastCap(capped.cost.basis, SHORTEST_TTL_SECONDS);
  throw new Problem(
    'validation_failed',
    `Dataproc ends no batch before ${SHORTEST_TTL_SECONDS / 60} minutes, in which ${template.name} may cost up to ${least} ${capped.cost.currency}: a lower cap could not be kept.`,
    { errors: [{ pointer: '/maxCost/amount', message: `must be >= ${least}` }] },
  );
}

/** A cluster is paid for by the hour, whoever's jobs run on it: a cap on one job's money could not be kept. */
function requireUnpriced(body: AskedCaps['body'], maxRuntimeSeconds: number): CappedRun {
  if (body.maxCost === undefined) return { cost: null, maxRuntimeSeconds };
  throw new Problem('validation_failed', 'A job on a cluster has no price of its own.', {
    errors: [{ pointer: '/maxCost', message: 'must be left out: use maxRuntimeSeconds' }],
  });
}

function requireRuntime(body: AskedCaps['body'], limits: TemplateLimits, kind: TargetKind): number {
  const most = Math.min(limits.maxRuntimeSeconds, MOST_SECONDS[kind]);
  const wanted = body.maxRuntimeSeconds ?? most;
  if (wanted <= most) return wanted;
  throw new Problem('validation_failed', 'The run would be longer than you may let it be.', {
    errors: [{ pointer: '/maxRuntimeSeconds', message: `must be <= ${most}` }],
  });
}

function requireCost({ maxCost }: AskedCaps['body'], limits: TemplateLimits): void {
  const { amount, currency } = limits.maxCost;
  if (maxCost === undefined) return;
  const isForeign = maxCost.currency !== currency;
  if (!isForeign && compareMoney(maxCost, limits.maxCost) <= 0) return;
  const fault = isForeign
    ? { pointer: '/maxCost/currency', message: `must be ${currency}` }
    : { pointer: '/maxCost/amount', message: `must be <= ${amount}` };
  throw new Problem('validation_failed', 'The run would cost more than you may let it.', {
    errors: [fault],
  });
}
