import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PLANS, renderKeys } from '../../resources/usage-plans.js';
import { readAuthorizerConfig } from '../../shared/config/issuers.ts';
import { PLAN_NAMES, type PlanName } from '../../shared/config/plans.ts';
import { createUsageKeys } from '../../shared/identity/usage-key.ts';
import { ANALYST } from '../support/callers.ts';
import { CORE_ENVIRONMENT } from '../support/environment.ts';
import { ROOT } from './source-files.ts';

const ISSUERS = [
  {
    name: 'github',
    kind: 'github-actions',
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'urn:jobgate',
    jwksUri: 'https://token.actions.githubusercontent.com/.well-known/jwks',
    algorithms: ['RS256'],
    clients: ['acme/*'],
    plans: { 'client:acme/nightly': 'automation', 'client:acme/toy': 'limited' },
  },
];
const DEPLOYMENT = 'jobgate-prod';
const PLAN_KEYS = 3;

function render(planKeys = PLAN_KEYS, issuers: unknown = ISSUERS) {
  return renderKeys({ deployment: DEPLOYMENT, planKeys, issuers: JSON.stringify(issuers) })
    .Resources;
}

/** Values of the keys, by the logical id of their plan. */
function listValues(): ReadonlyMap<string, readonly unknown[]> {
  const resources = render();
  const values = new Map<string, unknown[]>();
  for (const { Type, Properties } of Object.values(resources)) {
    if (Type !== 'AWS::ApiGateway::UsagePlanKey') continue;
    const { Ref: plan } = Properties['UsagePlanId'] as { readonly Ref: string };
    const { Ref: key } = Properties['KeyId'] as { readonly Ref: string };
    values.set(plan, [...(values.get(plan) ?? []), resources[key]?.Properties['Value']]);
  }
  return values;
}

const toUsageKey = createUsageKeys(
  readAuthorizerConfig({
    ...CORE_ENVIRONMENT,
    JOBGATE_ISSUERS: JSON.stringify(ISSUERS),
    JOBGATE_DEPLOYMENT: DEPLOYMENT,
    JOBGATE_PLAN_KEYS: String(PLAN_KEYS),
  }),
);

const serverless = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { merge: true }) as {
  readonly functions: Readonly<
    Record<string, { readonly events?: readonly { readonly http?: HttpEvent }[] }>
  >;
};
interface HttpEvent {
  readonly path: string;
  readonly private?: boolean;
  readonly authorizer?: unknown;
  readonly cors?: unknown;
}
const events = Object.values(serverless.functions).flatMap(({ events: list = [] }) =>
  list.flatMap(({ http }) => http ?? []),
);

describe('the usage plans', () => {
  it('have the names that callers are given, none of which is `default`', () => {
    expect(PLANS).toEqual(PLAN_NAMES);
    expect([...listValues().keys()]).toEqual([
      'ApiGatewayUsagePlanStandard',
      'ApiGatewayUsagePlanLimited',
      'ApiGatewayUsagePlanAutomation',
    ]);
    expect(PLANS).not.toContain('default');
  });

  const places: readonly (readonly [PlanName, string, number])[] = [
    ['standard', 'ApiGatewayUsagePlanStandard', PLAN_KEYS],
    ['limited', 'ApiGatewayUsagePlanLimited', PLAN_KEYS],
    ['automation', 'ApiGatewayUsagePlanAutomation', PLAN_KEYS + 1],
  ];

  it.each(places)('hold every key that the authorizer gives on the plan %s', (plan, id, size) => {
    const values = listValues().get(id) ?? [];
    expect(new Set(values).size).toBe(size);
    const given = Array.from({ length: 200 }, (_, index) =>
      toUsageKey({ ...ANALYST, plan, subject: `subject-${index}` }),
    );
    expect(new Set(given).size).toBe(PLAN_KEYS);
    expect(values).toEqual(expect.arrayContaining(given));
  });

  it('hold a key of its own for a client that is on automation by name, and for no other', () => {
    const client = { ...ANALYST, issuerName: 'github', plan: 'automation' } as const;
    const own = toUsageKey({ ...client, client: 'acme/nightly' });
    const values = listValues().get('ApiGatewayUsagePlanAutomation') ?? [];
    expect(values).toContain(own);
    const pooled = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) =>
      toUsageKey({ ...client, client: 'acme/toy', subject: `subject-${index}` }),
    );
    expect(pooled).not.toContain(own);
  });

  it('keep a key’s resource while the pool grows and clients come, so that no value moves', () => {
    const before = Object.entries(render());
    const after = render(PLAN_KEYS + 5, [
      { name: 'first', plans: { 'client:a': 'automation' } },
      ...ISSUERS,
    ]);
    for (const [id, resource] of before) expect(after[id]).toEqual(resource);
  });

  it('are refused when a stack could not hold their keys', () => {
    expect(() => render(51)).toThrow(/154 usage plan keys are more than 150/);
  });

  it.each(['', '{}', '[7]', '[{"kind":"okta"}]'])('are refused for the issuers %j', (issuers) => {
    expect(() => renderKeys({ deployment: DEPLOYMENT, planKeys: 1, issuers })).toThrow(
      /issuers must be a JSON array/,
    );
  });

  it('count the requests of every route that needs a caller, and of no other', () => {
    expect(events.filter((event) => event.private === true)).toEqual(
      events.filter((event) => event.authorizer !== undefined),
    );
  });
});

describe('the preflight answers', () => {
  it('are made for every route by one rule', () => {
    expect(new Set(events.map((event) => event.cors))).toEqual(
      new Set(['${file(resources/cors.js):preflight}']),
    );
  });
});
