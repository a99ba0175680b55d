import type { AuthorizerConfig } from '../config/issuers.ts';
import type { Caller } from './caller.ts';
import { digest } from './digest.ts';

/** Names the API key that a caller's requests are counted on. */
export type ToUsageKey = (caller: Caller) => string;

/**
 * Makes the choice of API keys: an identity always falls on the same key of its plan's pool, and a client that the
 * configuration puts on the plan `automation` by name has a key of its own. The values are no secrets: they are
 * never accepted from a request. `resources/usage-plans.js` makes the same ones.
 */
export function createUsageKeys(
  config: Pick<AuthorizerConfig, 'deployment' | 'issuers' | 'planKeys'>,
): ToUsageKey {
  const registered = new Set(
    config.issuers.flatMap(({ name, plans }) =>
      plans
        .filter(({ selector, plan }) => selector.kind === 'client' && plan === 'automation')
        .map(({ selector }) => `${name} ${selector.value}`),
    ),
  );
  return ({ issuer, issuerName, subject, client, plan }) => {
    const own = `${issuerName} ${client}`;
    if (plan === 'automation' && registered.has(own))
      return toKeyValue(`${config.deployment}:automation:${own}`);
    const place = digest(JSON.stringify([issuer, subject])).readUInt32BE(0) % config.planKeys;
    return toKeyValue(`${config.deployment}:${plan}:${place}`);
  };
}

function toKeyValue(text: string): string {
  return digest(text).toString('hex').slice(0, 40);
}
