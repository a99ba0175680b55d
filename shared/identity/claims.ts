import { TokenRefusedError } from './refusal.ts';

/** Claims of a token by name. */
export type Claims = ReadonlyMap<string, unknown>;

/** Characters of one name: what the authorizer's context and an audit record carry well. */
const MAX_NAME_CHARACTERS = 256;
/** Names in one list. Entra ID writes at most 200 groups into a token before it reports an overage instead. */
const MAX_NAMES = 200;

/** Makes the refusal of a claim that is absent or not what it has to be. */
export function refuseClaim(claim: string): TokenRefusedError {
  return new TokenRefusedError('claim_invalid', { claim });
}

/** Tells whether a value is a name: 1 to 256 characters, no space around it, nothing that controls or breaks lines. */
export function isName(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME_CHARACTERS) return false;
  return value.trim() === value && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value) && value.isWellFormed();
}

/** Checks that a value is a name. */
export function checkName(value: unknown, claim: string): string {
  if (!isName(value)) throw refuseClaim(claim);
  return value;
}

/** Reads a claim that must be a name. */
export function readName(claims: Claims, claim: string): string {
  return checkName(claims.get(claim), claim);
}

/** Reads a claim that is a name or absent. */
export function findName(claims: Claims, claim: string): string | null {
  return claims.has(claim) ? readName(claims, claim) : null;
}

/** Reads a claim that must be one certain value. */
export function requireValue(claims: Claims, claim: string, wanted: unknown): void {
  if (claims.get(claim) !== wanted) throw refuseClaim(claim);
}

/** Reads whole or fractional seconds since the epoch. */
export function readSeconds(claims: Claims, claim: string): number {
  const value = claims.get(claim);
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refuseClaim(claim);
  return value;
}

/** Reads scopes written as one text. Absent: none. Source: RFC 8693 section 4.2. */
export function readScopeText(claims: Claims, claim: string): readonly string[] {
  const value = claims.get(claim);
  if (value === undefined) return [];
  if (typeof value !== 'string') throw refuseClaim(claim);
  return checkNames(
    value.split(' ').filter((scope) => scope !== ''),
    claim,
  );
}

/** Reads a list of names. Absent: none. */
export function readNames(claims: Claims, claim: string): readonly string[] {
  const value = claims.get(claim);
  return value === undefined ? [] : checkNames(value, claim);
}

/** Reads a list of names from where the configuration says; nowhere: none. */
export function readNamesAt(claims: Claims, place: string | null): readonly string[] {
  const value = place === null ? undefined : findValue(claims, place);
  return value === undefined ? [] : checkNames(value, place ?? '');
}

function checkNames(value: unknown, claim: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_NAMES) throw refuseClaim(claim);
  return value.map((name) => checkName(name, claim));
}

/** A pointer goes through own members of objects only. Source: RFC 6901 section 4. */
function findValue(claims: Claims, place: string): unknown {
  if (!place.startsWith('/')) return claims.get(place);
  const steps = place.slice(1).split('/');
  let value: unknown = Object.fromEntries(claims);
  for (const step of steps.map((text) => text.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    value = readMembers(value).get(step);
  }
  return value;
}

/** The own members of a JSON object; none for anything else. */
export function readMembers(value: unknown): Claims {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return new Map(isObject ? Object.entries(value) : []);
}
