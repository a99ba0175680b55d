import { createHash } from 'node:crypto';

/** The plans by which API Gateway throttles callers, best effort; shared/config names the same. */
export const PLANS = ['standard', 'limited', 'automation'];

/** The key of a caller: shared/http/authorizer-response.ts computes the same text. No secret: a caller cannot send it. */
const VALUE_LENGTH = 40;

/**
 * Bound on keys: each is two of the 500 resources that a CloudFormation stack may have.
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
const MOST_KEYS = 150;

/** `provider.apiGateway.usagePlan`: the plans with their limits per key. No quota: run limits are Jobgate's own. */
export async function plans({ resolveVariable }) {
  const read = async (plan, what) =>
    toWhole(await resolveVariable(`param:${plan}${what}`), `${plan}${what}`, 10_000);
  const entries = PLANS.map(async (plan) => ({
    [plan]: {
      throttle: { rateLimit: await read(plan, 'Rate'), burstLimit: await read(plan, 'Burst') },
    },
  }));
  return Promise.all(entries);
}

/** The keys of all plans as CloudFormation resources. */
export async function keys({ resolveVariable }) {
  return renderKeys({
    deployment: await resolveVariable('param:deployment'),
    planKeys: toWhole(await resolveVariable('param:planKeys'), 'planKeys', 50),
    issuers: await resolveVariable('param:issuers'),
  });
}

/**
 * Makes the keys' resources. A resource is called after its key's value, never after its number: CloudFormation makes
 * new keys before it removes old ones, and a value that moved from one name to another would collide with itself.
 */
export function renderKeys({ deployment, planKeys, issuers }) {
  const pools = PLANS.flatMap((plan) =>
    Array.from({ length: planKeys }, (_, index) => [plan, String(index)]),
  );
  const own = listAutomationClients(issuers).map((owner) => ['automation', owner]);
  const all = [...pools, ...own];
  if (all.length > MOST_KEYS) {
    throw new Error(
      `${all.length} usage plan keys are more than ${MOST_KEYS}: lower planKeys (now ${planKeys} for each of ${PLANS.length} plans), or name fewer clients`,
    );
  }
  return {
    Resources: Object.fromEntries(
      all.flatMap(([plan, owner]) => renderKey({ deployment, plan, owner })),
    ),
  };
}

function renderKey({ deployment, plan, owner }) {
  const value = createHash('sha256')
    .update(`${deployment}:${plan}:${owner}`)
    .digest('hex')
    .slice(0, VALUE_LENGTH);
  const id = value.slice(0, 16);
  const planId = `ApiGatewayUsagePlan${plan[0].toUpperCase()}${plan.slice(1)}`;
  return [
    [
      `PlanKey${id}`,
      {
        Type: 'AWS::ApiGateway::ApiKey',
        Properties: {
          Name: `${deployment}-${plan}-${id}`,
          Description: `Key ${owner} of the plan ${plan} of ${deployment}`,
          Enabled: true,
          Value: value,
        },
      },
    ],
    [
      `PlanKeyMember${id}`,
      {
        Type: 'AWS::ApiGateway::UsagePlanKey',
        Properties: {
          KeyId: { Ref: `PlanKey${id}` },
          KeyType: 'API_KEY',
          UsagePlanId: { Ref: planId },
        },
      },
    ],
  ];
}

/** Every client that an issuer puts into the plan `automation` by name has a key of its own. */
function listAutomationClients(issuers) {
  const list = parseIssuers(issuers);
  const owners = list.flatMap(({ name, plans: chosen }) =>
    Object.entries(chosen ?? {})
      .filter(([selector, plan]) => selector.startsWith('client:') && plan === 'automation')
      .map(([selector]) => `${name} ${selector.slice('client:'.length)}`),
  );
  return [...new Set(owners)];
}

function parseIssuers(text) {
  try {
    const list = typeof text === 'string' ? JSON.parse(text) : text;
    if (Array.isArray(list) && list.every((entry) => typeof entry?.name === 'string')) return list;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error('the parameter issuers must be a JSON array of issuers, each with a name');
}

function toWhole(value, name, most) {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw new Error(`the parameter ${name} must be a whole number from 1 to ${most}`);
}
