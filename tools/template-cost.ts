import { capRun, SHORTEST_TTL_SECONDS, toLeastCap } from '../shared/cost/estimate.ts';
import { CURRENCY } from '../shared/cost/money.ts';
import { boundExecutors, findSizeFaults } from '../shared/cost/size.ts';
import type { Money } from '../shared/templates/template.ts';
import type { RuleFault } from './template-rules.ts';

type Path = readonly (string | number)[];

/** A region with the lowest prices of the table: what cannot be kept there cannot be kept anywhere. */
const CHEAPEST_REGION = 'us-central1';

/**
 * Finds what keeps a template, which its schema has passed, from being priced as a batch: properties that leave its size
 * open, money of a currency that the price table does not have, and caps that Dataproc could not keep.
 */
export function findCostFaults(template: ReadonlyMap<string, unknown>): readonly RuleFault[] {
  const [[kind, program] = []] = Object.entries(template.get('job') as object) as Program[];
  const properties = program?.properties ?? {};
  const sizes = findSizeFaults(properties).map(({ property, message }) => ({
    path: ['job', kind ?? '', 'properties', property],
    message,
  }));
  if (sizes.length > 0) return sizes;
  return listCaps(template).flatMap(({ path, maxCost }) => {
    const message = findCapFault(maxCost, properties);
    return message === undefined ? [] : [{ path, message }];
  });
}

type Program = [string, { readonly properties?: Readonly<Record<string, string>> }];

interface Cap {
  readonly path: Path;
  readonly maxCost: Money;
}

/** The template's own cap, and those of its rules in the same currency. */
function listCaps(template: ReadonlyMap<string, unknown>): readonly Cap[] {
  const { maxCost } = template.get('limits') as { readonly maxCost: Money };
  const rules = template.get('allow') as readonly { readonly limits?: { maxCost?: Money } }[];
  const own = rules.flatMap(({ limits }, index): readonly Cap[] =>
    limits?.maxCost?.currency !== maxCost.currency
      ? []
      : [{ path: ['allow', index, 'limits', 'maxCost'], maxCost: limits.maxCost }],
  );
  return [{ path: ['limits', 'maxCost'], maxCost }, ...own];
}

function findCapFault(
  maxCost: Money,
  properties: Readonly<Record<string, string>>,
): string | undefined {
  if (maxCost.currency !== CURRENCY) return `must be in ${CURRENCY}, which the price table has`;
  const { cost, maxRuntimeSeconds } = capRun({
    properties: boundExecutors(properties),
    region: CHEAPEST_REGION,
    maxRuntimeSeconds: SHORTEST_TTL_SECONDS,
    maxCost,
  });
  if (maxRuntimeSeconds >= SHORTEST_TTL_SECONDS) return undefined;
  const least = toLeastCap(cost.basis, SHORTEST_TTL_SECONDS);
  return `must be >= ${least}: Dataproc ends no batch before ${SHORTEST_TTL_SECONDS / 60} minutes, which may cost as much; fewer executors (spark.dynamicAllocation.maxExecutors) cost less`;
}
