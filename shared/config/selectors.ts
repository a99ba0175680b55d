import { PLAN_NAMES, type PlanName } from './plans.ts';
import { isRecord, isStringArray, type Reader } from './reader.ts';

/** What a caller can be named by in an issuer's `grants` and `plans`. */
export const SELECTOR_KINDS = [
  'group',
  'role',
  'scope',
  'tag',
  'client',
  'subject',
  'actor',
] as const;

/** One of {@link SELECTOR_KINDS}. */
export type SelectorKind = (typeof SELECTOR_KINDS)[number];

/** Names callers by one value, which is compared exactly; of a tag it is `key=value`. */
export interface Selector {
  readonly kind: SelectorKind;
  readonly value: string;
}

/** Scopes that the API knows. */
export const API_SCOPES = [
  'jobs:read',
  'jobs:submit',
  'jobs:cancel',
  'jobs:admin',
  'data:read',
  'audit:read',
] as const;

/** Gives scopes to the callers that the selector names. */
export interface Grant {
  readonly selector: Selector;
  readonly scopes: readonly string[];
}

/** Puts the callers that the selector names on a usage plan. */
export interface PlanRule {
  readonly selector: Selector;
  readonly plan: PlanName;
}

/** A scope that opens one template by a rule of that template; only the configuration can give it. */
const TEMPLATE_SCOPE = /^template:[a-z][a-z0-9-]{1,40}:run$/;

/** Reads an issuer's `grants`, an object of selector to scopes. */
export function readGrants(reader: Reader, value: unknown, where: string): readonly Grant[] {
  return readRules(reader, value, where).map(({ selector, entry, place }) => {
    const scopes = isStringArray(entry) && entry.every(isGrantable) ? entry : undefined;
    if (scopes === undefined) {
      reader.faults.push(
        `${place} must list some of ${API_SCOPES.join(', ')}, template:<name>:run`,
      );
    }
    return { selector, scopes: scopes ?? [] };
  });
}

/** Reads an issuer's `plans`, an object of selector to usage plan. */
export function readPlans(reader: Reader, value: unknown, where: string): readonly PlanRule[] {
  return readRules(reader, value, where).map(({ selector, entry, place }) => ({
    selector,
    plan: readPlan(reader, entry, place),
  }));
}

/** Reads the name of a usage plan. */
export function readPlan(reader: Reader, value: unknown, where: string): PlanName {
  const plan = PLAN_NAMES.find((name) => name === value);
  if (plan === undefined) reader.faults.push(`${where} must be one of ${PLAN_NAMES.join(', ')}`);
  return plan ?? 'limited';
}

/** Tells whether a scope is one of {@link API_SCOPES}. */
export function isApiScope(scope: string): boolean {
  return API_SCOPES.some((known) => known === scope);
}

function isGrantable(scope: string): boolean {
  return isApiScope(scope) || TEMPLATE_SCOPE.test(scope);
}

interface Rule {
  readonly selector: Selector;
  readonly entry: unknown;
  readonly place: string;
}

/** Rules are named by their place: a fault never repeats a value. */
function readRules(reader: Reader, value: unknown, where: string): readonly Rule[] {
  if (value === undefined) return [];
  if (!isRecord(value)) {
    reader.faults.push(`${where} must be an object`);
    return [];
  }
  return Object.entries(value).flatMap(([text, entry], index) => {
    const place = `${where}[${index}]`;
    const selector = parseSelector(text);
    if (selector !== undefined) return [{ selector, entry, place }];
    reader.faults.push(`${place} must begin with one of ${SELECTOR_KINDS.join(':, ')}:`);
    return [];
  });
}

function parseSelector(text: string): Selector | undefined {
  const colon = text.indexOf(':');
  const kind = SELECTOR_KINDS.find((name) => name === text.slice(0, Math.max(colon, 0)));
  const value = text.slice(colon + 1);
  if (kind === undefined || value === '' || value.length > 512) return undefined;
  return kind === 'tag' && value.indexOf('=') < 1 ? undefined : { kind, value };
}
