import { PLAN_NAMES, type PlanName } from '../config/plans.ts';

/** Who makes a request, as a verified token says. Identity is issuer and subject together. Source: RFC 9068 section 2. */
export interface Caller {
  readonly issuer: string;
  /** The name that the configuration gives to the issuer; what template rules name. */
  readonly issuerName: string;
  readonly subject: string;
  readonly client: string;
  /** RFC 8693 `act.sub`: who acts for the subject; null when the subject acts itself. */
  readonly actor: string | null;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  readonly tokenId: string;
  readonly expiresAt: Date;
  /** The usage plan that API Gateway throttles the caller by. */
  readonly plan: PlanName;
}

/** Seconds that clocks may differ by; a few minutes at most. Source: RFC 7519 section 4.1.4. */
export const LEEWAY_SECONDS = 30;

/** Tells whether a caller's token has ended, by the leeway that it was accepted with. */
export function hasExpired(caller: Caller, now: Date): boolean {
  return caller.expiresAt.getTime() + LEEWAY_SECONDS * 1000 <= now.getTime();
}

/** The flat form in which API Gateway carries a caller from the authorizer to the handlers. */
export type CallerContext = Readonly<Record<ContextKey, string>>;

type ContextKey =
  | 'issuer'
  | 'issuerName'
  | 'subject'
  | 'client'
  | 'actor'
  | 'grantedScopes'
  | 'groups'
  | 'roles'
  | 'tokenId'
  | 'expiresAt'
  | 'plan';

/**
 * Flattens a caller into authorizer context values, strings only.
 * Key names avoid `scopes` and `claims`, which local gateways drop.
 */
export function toCallerContext(caller: Caller): CallerContext {
  return {
    issuer: caller.issuer,
    issuerName: caller.issuerName,
    subject: caller.subject,
    client: caller.client,
    actor: caller.actor ?? '',
    grantedScopes: JSON.stringify(caller.scopes),
    groups: JSON.stringify(caller.groups),
    roles: JSON.stringify(caller.roles),
    tokenId: caller.tokenId,
    expiresAt: String(Math.floor(caller.expiresAt.getTime() / 1000)),
    plan: caller.plan,
  };
}

/** Reads a caller back from the context; undefined when any part is missing or malformed. */
export function parseCallerContext(context: unknown): Caller | undefined {
  if (typeof context !== 'object' || context === null) return undefined;
  const values = new Map(Object.entries(context));
  const text = (key: ContextKey): string | undefined => {
    const value: unknown = values.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const [issuer, issuerName, subject, client, tokenId] = [
    text('issuer'),
    text('issuerName'),
    text('subject'),
    text('client'),
    text('tokenId'),
  ];
  const lists = [text('grantedScopes'), text('groups'), text('roles')].map(parseList);
  const [scopes, groups, roles] = lists;
  const expiresAt = parseInstant(text('expiresAt'));
  const plan = PLAN_NAMES.find((name) => name === text('plan'));
  if (!issuer || !issuerName || plan === undefined) return undefined;
  if (!subject || client === undefined || tokenId === undefined) return undefined;
  if (!scopes || !groups || !roles || !expiresAt) return undefined;
  const actor = text('actor');
  return {
    issuer,
    issuerName,
    subject,
    client,
    actor: actor === undefined || actor === '' ? null : actor,
    scopes,
    groups,
    roles,
    tokenId,
    expiresAt,
    plan,
  };
}

/** Whole seconds since the epoch; undefined for what no Date can hold, because such an instant never comes. */
function parseInstant(text: string | undefined): Date | undefined {
  const seconds = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN;
  const instant = new Date(seconds * 1000);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

function parseList(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    return value.every((item) => typeof item === 'string') ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Names a caller in a log line: client and subject, never a claim's value beyond them. */
export function describeCaller(caller: Caller): string {
  return caller.client === caller.subject
    ? caller.subject
    : `${caller.subject} via ${caller.client}`;
}

/** Tells whether two callers are the same identity: same issuer and same subject. */
export function isSameIdentity(
  one: { readonly issuer: string; readonly subject: string },
  other: { readonly issuer: string; readonly subject: string },
): boolean {
  return one.issuer === other.issuer && one.subject === other.subject;
}
