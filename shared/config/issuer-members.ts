import { ISSUER_KINDS, isIssuerKind, type IssuerKind, type IssuerRules } from './issuer-kinds.ts';
import type { PlanName } from './plans.ts';
import { isStringArray, type Reader } from './reader.ts';
import {
  isApiScope,
  readGrants,
  readPlan,
  readPlans,
  type Grant,
  type PlanRule,
} from './selectors.ts';

/** What an issuer's configuration may leave out. */
export interface IssuerOptions {
  /** The only clients whose tokens count; null: all. */
  readonly clients: readonly string[] | null;
  /** Where groups and roles are: a claim's name, or an RFC 6901 pointer; null: where the kind has them. */
  readonly groupsClaim: string | null;
  readonly rolesClaim: string | null;
  readonly maxTokenAgeSeconds: number;
  /** Those of the API's scopes that a token of this issuer may bring; others come by `grants` alone. */
  readonly tokenScopes: readonly string[];
  readonly grants: readonly Grant[];
  /** Of callers that no rule of `plans` names and that act for themselves. */
  readonly plan: PlanName;
  /** In their order: the first that names a caller decides. */
  readonly plans: readonly PlanRule[];
  /** A public client that people may log in with; null: none. */
  readonly loginClient: string | null;
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
/** Seconds. 4 hours: what counts as a short-lived token. */
const MAX_TOKEN_AGE_SECONDS = 4 * 3600;
/** What lets a caller see no more than its own jobs. */
const TOKEN_SCOPES = ['jobs:read', 'jobs:submit', 'jobs:cancel'];
/** A claim's name, or a pointer of at least one step. Source: RFC 6901 section 3. */
const CLAIM = /^(?:[^/\s][^\s]{0,255}|(?=.{2,256}$)(?:\/(?:[^~/]|~[01])+)+)$/;

/** Reads `kind`; a fault leaves one that asks for nothing more. */
export function readKind(reader: Reader, value: unknown, where: string): IssuerKind {
  if (isIssuerKind(value)) return value;
  reader.faults.push(`${where}.kind must be one of ${Object.keys(ISSUER_KINDS).join(', ')}`);
  return 'rfc9068';
}

/** Reads `algorithms`. */
export function readAlgorithms(reader: Reader, value: unknown, where: string): readonly string[] {
  if (isStringArray(value) && value.every((name) => ALGORITHMS.includes(name))) return value;
  reader.faults.push(`${where}.algorithms must list some of ${ALGORITHMS.join(', ')}`);
  return [];
}

/** Reads {@link IssuerOptions}, with what the kind says for what is left out. */
export function readOptions(
  reader: Reader,
  members: Readonly<Record<string, unknown>>,
  { where, kind }: { readonly where: string; readonly kind: IssuerKind },
): IssuerOptions {
  const rules: IssuerRules = ISSUER_KINDS[kind];
  const { clients, maxTokenAgeSeconds: age, tokenScopes, plan, loginClient } = members;
  if (clients !== undefined ? !isNameList(clients) : rules.needsClients)
    reader.faults.push(`${where}.clients must list at least one client id`);
  if (age !== undefined && !isTokenAge(age))
    reader.faults.push(`${where}.maxTokenAgeSeconds must be a whole number from 60 to 86400`);
  if (tokenScopes !== undefined && !isScopeList(tokenScopes))
    reader.faults.push(`${where}.tokenScopes must list scopes of the API`);
  if (loginClient !== undefined && !isName(loginClient))
    reader.faults.push(`${where}.loginClient must be a client id`);
  return {
    clients: isNameList(clients) ? clients : null,
    groupsClaim: readClaim(reader, members, { where, kind, member: 'groups' }),
    rolesClaim: readClaim(reader, members, { where, kind, member: 'roles' }),
    tokenScopes: isScopeList(tokenScopes) ? tokenScopes : TOKEN_SCOPES,
    maxTokenAgeSeconds: isTokenAge(age) ? age : MAX_TOKEN_AGE_SECONDS,
    grants: readGrants(reader, members['grants'], `${where}.grants`),
    plan: plan === undefined ? rules.plan : readPlan(reader, plan, `${where}.plan`),
    plans: readPlans(reader, members['plans'], `${where}.plans`),
    loginClient: isName(loginClient) ? loginClient : null,
  };
}

interface ClaimPlace {
  readonly where: string;
  readonly kind: IssuerKind;
  readonly member: 'groups' | 'roles';
}

function readClaim(
  reader: Reader,
  members: Readonly<Record<string, unknown>>,
  { where, kind, member }: ClaimPlace,
): string | null {
  const { claims }: IssuerRules = ISSUER_KINDS[kind];
  const value = members[`${member}Claim`];
  if (value === undefined) return claims?.[member] ?? null;
  if (claims === null) reader.faults.push(`${where}.${member}Claim is fixed for ${kind} issuers`);
  if (typeof value === 'string' && CLAIM.test(value)) return value;
  reader.faults.push(`${where}.${member}Claim must be a claim's name or a JSON pointer`);
  return null;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value);
}

function isNameList(value: unknown): value is readonly string[] {
  return isStringArray(value) && value.every(isName);
}

function isScopeList(value: unknown): value is readonly string[] {
  return isStringArray(value) && value.every(isApiScope);
}

function isTokenAge(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 60 && Number(value) <= 86_400;
}
