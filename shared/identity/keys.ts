import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** Reads an issuer's key set once; rejects when the issuer is down, slow, too large or not JSON. */
export type FetchKeySet = (jwksUri: string) => Promise<unknown>;

/** The issuer's keys cannot be had: says nothing about the token, so it never becomes a 401. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

/** Milliseconds. Chosen from RFC 8725 practice: rotation is seen at once, an outage is survived for an hour. */
export const KEY_SET_TIMES = {
  freshMs: 10 * 60_000,
  staleMs: 60 * 60_000,
  /** After a failure, or for a key id that was looked for in vain, no new fetch before this. */
  cooldownMs: 5_000,
} as const;

interface KeySetState {
  keys: JWTVerifyGetKey;
  fetchedAt: number;
}

/** Everything a key source needs from outside. */
export interface KeySourceOptions {
  readonly jwksUri: string;
  readonly fetchKeySet: FetchKeySet;
  readonly now: () => Date;
}

/**
 * Makes the key look-up of one issuer: cached, one fetch in flight, stale while the issuer is down (bounded),
 * refetched at once for an unknown key id.
 * The returned function throws {@link KeysUnavailableError} when no keys can be had.
 */
export function createKeySource(options: KeySourceOptions): JWTVerifyGetKey {
  let state: KeySetState | undefined;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let lastFailure: unknown;
  let inFlight: Promise<void> | undefined;
  const age = (): number =>
    state === undefined ? Number.POSITIVE_INFINITY : options.now().getTime() - state.fetchedAt;
  const coolingDown = (): boolean =>
    options.now().getTime() - attemptedAt < KEY_SET_TIMES.cooldownMs;

  const reload = async (): Promise<void> => {
    attemptedAt = options.now().getTime();
    try {
      const keySet = parseKeySet(await options.fetchKeySet(options.jwksUri));
      state = { keys: createLocalJWKSet(keySet), fetchedAt: options.now().getTime() };
      lastFailure = undefined;
    } catch (error) {
      lastFailure = error;
    }
  };
  const refresh = async (): Promise<void> => {
    if (inFlight === undefined && coolingDown()) return;
    inFlight ??= reload().finally(() => (inFlight = undefined));
    await inFlight;
  };

  return async (header, token) => {
    if (age() > KEY_SET_TIMES.freshMs) await refresh();
    if (state === undefined || age() > KEY_SET_TIMES.staleMs) throw unavailable(lastFailure);
    try {
      return await state.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await refresh();
    if (lastFailure !== undefined) throw unavailable(lastFailure);
    return state.keys(header, token);
  };
}

function unavailable(cause?: unknown): KeysUnavailableError {
  return new KeysUnavailableError('the issuer’s keys cannot be read', { cause });
}

/** Keeps signing keys that have a key id; a duplicate id is dropped entirely. Source: RFC 7517 section 4. */
function parseKeySet(value: unknown): JSONWebKeySet {
  const listed: unknown =
    typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(listed))
    throw new KeysUnavailableError('the issuer’s key set has no keys array');
  const byId = new Map<string, JSONWebKeySet['keys'][number] | null>();
  for (const key of listed.filter(isSigningKey)) byId.set(key.kid, byId.has(key.kid) ? null : key);
  return { keys: [...byId.values()].filter((key) => key !== null) };
}

function isSigningKey(value: unknown): value is JSONWebKeySet['keys'][number] & { kid: string } {
  if (typeof value !== 'object' || value === null) return false;
  const use = 'use' in value ? value.use : 'sig';
  const kid = 'kid' in value ? value.kid : undefined;
  const secret = 'k' in value || 'd' in value;
  return typeof kid === 'string' && kid !== '' && use === 'sig' && !secret && !isWeakRsa(value);
}

/** An RSA exponent that is absent, even or 1 verifies what nobody signed. Source: RFC 8017 section 3.1. */
function isWeakRsa(key: object): boolean {
  if (!('kty' in key) || key.kty !== 'RSA') return false;
  const bytes = Buffer.from('e' in key ? String(key.e) : '', 'base64url');
  const last = bytes.at(-1) ?? 0;
  return last % 2 === 0 || (last === 1 && bytes.subarray(0, -1).every((byte) => byte === 0));
}
