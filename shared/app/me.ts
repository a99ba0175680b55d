import type { Caller } from '../identity/caller.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import { toLimitViews, type LimitView } from '../jobs/limit-view.ts';
import { toHolds, type LimitUse } from '../jobs/limits.ts';
import type { JobRecords } from '../jobs/ports.ts';
import { decideStart } from '../policy/decision.ts';
import type { Catalog } from '../templates/catalog.ts';
import type { Money } from '../templates/template.ts';

/** A template that the caller may run, the rule that lets them, and the limits that hold for them. */
export interface RunnableTemplate {
  readonly name: string;
  readonly version: string;
  readonly rule: string;
  readonly maxRuntimeSeconds: number;
  readonly maxCost: Money;
  /** How much of the run limits is used; null for templates behind the first {@link MOST_COUNTED}. */
  readonly limits: readonly LimitView[] | null;
  readonly links: { readonly self: string };
}

/** The caller as Jobgate sees it. */
export interface MeView extends Pick<
  Caller,
  'issuer' | 'issuerName' | 'subject' | 'client' | 'actor' | 'scopes' | 'groups' | 'roles' | 'plan'
> {
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly templates: readonly RunnableTemplate[];
  readonly links: { readonly self: string; readonly templates: string };
}

/** What showing a caller needs from outside. */
export interface MePorts {
  readonly catalog: Catalog;
  readonly publicUrl: string;
  readonly records: Pick<JobRecords, 'findUsage'>;
  readonly now: Date;
  readonly deadline: Date;
}

/** Templates whose counters are read, three each: as many as one read takes. */
export const MOST_COUNTED = 33;

/**
 * Shows a caller who it is, what it may run and how much of that is used. The token's id stays out: it is of no use but
 * to switch the token off.
 * @throws Problem of the store, when the counters cannot be read.
 */
export async function toMeView(caller: Caller, ports: MePorts): Promise<MeView> {
  const { issuer, issuerName, subject, client, actor, scopes, groups, roles, plan } = caller;
  const templates = `${ports.publicUrl}/v1/templates`;
  return {
    issuer,
    issuerName,
    subject,
    client,
    actor,
    scopes,
    groups,
    roles,
    plan,
    expiresAt: caller.expiresAt.toISOString(),
    templates: await listRunnable(caller, templates, ports),
    links: { self: `${ports.publicUrl}/v1/me`, templates },
  };
}

async function listRunnable(
  caller: Caller,
  base: string,
  { catalog, records, now, deadline }: MePorts,
): Promise<readonly RunnableTemplate[]> {
  const runnable = catalog.flatMap((template) => {
    const decision = decideStart(caller, template);
    if (decision.kind === 'deny') return [];
    const { rule, limits } = decision;
    return [{ template, rule, limits, holds: toHolds({ caller, template, limits, at: now }) }];
  });
  const counted = runnable.slice(0, MOST_COUNTED).flatMap(({ holds }) => holds);
  const usage =
    counted.length === 0
      ? new Map<string, LimitUse>()
      : await records.findUsage(toKeys(counted), deadline);
  return runnable.map(({ template: { name, version }, rule, limits, holds }, index) => ({
    name,
    version,
    rule,
    maxRuntimeSeconds: limits.maxRuntimeSeconds,
    maxCost: limits.maxCost,
    limits: index < MOST_COUNTED ? toLimitViews(holds, usage, now) : null,
    links: { self: `${base}/${name}` },
  }));
}

function toKeys(holds: readonly LimitHold[]): readonly string[] {
  return holds.map(({ key }) => key);
}
