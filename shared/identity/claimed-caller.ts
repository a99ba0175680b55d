import type { IssuerConfig } from '../config/issuers.ts';
import type { PlanName } from '../config/plans.ts';
import { isApiScope, type Selector, type SelectorKind } from '../config/selectors.ts';
import type { Caller } from './caller.ts';
import { checkName, findName, readMembers, refuseClaim, type Claims } from './claims.ts';
import type { ClaimedIdentity } from './kinds/kind.ts';
import { TOKEN_KINDS } from './kinds/table.ts';
import { TokenRefusedError } from './refusal.ts';

/**
 * Characters of scopes, groups and roles together, as JSON: they travel in the authorizer's context on every request.
 * Of common tokens they are some hundreds; 200 groups of Entra ID and a few roles still fit. Beyond the bound a token
 * is refused, because a list that was cut would be another identity.
 */
const MAX_LISTS_CHARACTERS = 8_192;
/** What only ID tokens carry. Source: OpenID Connect Core 1.0 sections 2 and 3.3.2.11. */
const IDENTITY_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];

/** What a caller is made of beside the claims. */
export interface CallerOptions {
  readonly issuer: IssuerConfig;
  readonly expiresAt: Date;
  /** Names a token of a kind whose tokens have no id. */
  readonly fingerprint: () => string;
}

/**
 * Makes the caller whom verified claims name: read as the issuer's kind, given what the configuration grants.
 * @throws TokenRefusedError.
 */
export function toCaller(
  verifiedClaims: Claims,
  { issuer, expiresAt, fingerprint }: CallerOptions,
): Caller {
  refuseForeignUse(verifiedClaims);
  const identity = TOKEN_KINDS[issuer.kind].read(verifiedClaims, issuer);
  if (issuer.clients !== null && !issuer.clients.some((each) => isListed(identity.client, each)))
    throw new TokenRefusedError('unlisted_client');
  const actor = readActor(verifiedClaims, issuer.issuer);
  const names = listNames(identity, actor, issuer);
  const caller: Caller = {
    issuer: issuer.issuer,
    issuerName: issuer.name,
    ...{ subject: identity.subject, client: identity.client, actor },
    scopes: mergeScopes(names, issuer),
    groups: identity.groups,
    // Only a kind that has tags makes such roles: no claim may look like one.
    roles: [
      ...identity.roles.filter((role) => !role.startsWith('tag:')),
      ...identity.tags.map((tag) => `tag:${tag}`),
    ],
    tokenId: identity.tokenId ?? fingerprint(),
    expiresAt,
    plan: choosePlan(names, issuer),
  };
  const lists = JSON.stringify([caller.scopes, caller.groups, caller.roles]);
  if (lists.length > MAX_LISTS_CHARACTERS) throw new TokenRefusedError('claims_too_large');
  return caller;
}

/** `owner/*` lists every client whose name begins with `owner/`. */
function isListed(client: string, listed: string): boolean {
  return listed.endsWith('/*') ? client.startsWith(listed.slice(0, -1)) : client === listed;
}

/** Keeps out what the issuer signed for another use. Source: RFC 8725 section 3.12, RFC 7800 section 3.1. */
function refuseForeignUse(claims: Claims): void {
  const sign = IDENTITY_TOKEN_CLAIMS.find((name) => claims.has(name));
  if (sign !== undefined) throw new TokenRefusedError('identity_token', { claim: sign });
  // Logout tokens and security events. Source: RFC 8417 section 2.2.
  if (claims.has('events')) throw refuseClaim('events');
  // Keycloak names the use of a token here: ID, Refresh, Logout, Bearer.
  const use = claims.get('typ');
  if (use !== undefined && use !== 'Bearer') throw refuseClaim('typ');
  // Only the holder of a key may use the token, and nobody here asks for a proof.
  if (claims.has('cnf')) throw new TokenRefusedError('bound_token', { claim: 'cnf' });
}

/**
 * The outermost `act` acts; those within it are history. An actor of another issuer is named with that issuer.
 * Source: RFC 8693 section 4.1.
 */
function readActor(claims: Claims, issuer: string): string | null {
  if (!claims.has('act')) return null;
  const act = readMembers(claims.get('act'));
  const subject = checkName(act.get('sub'), 'act');
  const actorIssuer = findName(act, 'iss') ?? issuer;
  const isForeign = actorIssuer !== issuer;
  // One spelling for one actor: the sign between the two stands in neither.
  if ((isForeign ? actorIssuer : subject).includes('#')) throw refuseClaim('act');
  return isForeign ? checkName(`${actorIssuer}#${subject}`, 'act') : subject;
}

type Names = Readonly<Record<SelectorKind, readonly string[]>>;

/**
 * What the configuration may know the caller by. Who acts for a person gets nothing by what that person is: the
 * person's groups would widen a token that was narrowed for the actor.
 * A template's scope opens that template: only the configuration may give it, whatever the token says; and of the
 * API's own scopes a token has those that its issuer may give.
 */
function listNames(
  identity: ClaimedIdentity,
  actor: string | null,
  { tokenScopes }: IssuerConfig,
): Names {
  const scope = identity.scopes.filter(
    (name) => !name.startsWith('template:') && (tokenScopes.includes(name) || !isApiScope(name)),
  );
  const client = [identity.client];
  if (actor !== null)
    return { scope, client, actor: [actor], group: [], role: [], tag: [], subject: [] };
  const { groups: group, roles: role, tags: tag } = identity;
  return { scope, client, actor: [], group, role, tag, subject: [identity.subject] };
}

function isNamed(names: Names, selector: Selector): boolean {
  return names[selector.kind].includes(selector.value);
}

/** Grants look at the token's own scopes: one grant never leads to another. */
function mergeScopes(names: Names, { grants }: IssuerConfig): readonly string[] {
  const granted = grants.filter(({ selector }) => isNamed(names, selector));
  return [...new Set([...names.scope, ...granted.flatMap(({ scopes }) => scopes)])];
}

function choosePlan(names: Names, issuer: IssuerConfig): PlanName {
  const rule = issuer.plans.find(({ selector }) => isNamed(names, selector));
  if (rule !== undefined) return rule.plan;
  return names.actor.length > 0 ? 'limited' : issuer.plan;
}
