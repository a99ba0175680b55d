import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { JOSEError, JWKSNoMatchingKey } from 'jose/errors';

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
  /** From a fetch that was answered to the next one for a key id that it did not hold; twice that after each in vain. */
  retryMs: 1_000,
  /** The most that this grows to: whoever makes key ids up must not make fetches. */
  longestRetryMs: 60_000,
  /** From a fetch that failed to the next one. */
  cooldownMs: 5_000,
} as const;

/** An issuer publishes a handful; each one is work for whoever must read the set. */
const MAX_KEYS = 100;
const MIN_RSA_BYTES = 256;

interface KeySetState {
  readonly keys: JWTVerifyGetKey;
  readonly fetchedAt: number;
}

/** Everything a key source needs from outside. */
export interface KeySourceOptions {
  readonly jwksUri: string;
  readonly fetchKeySet: FetchKeySet;
  readonly now: () => Date;
  /** Is told the age of the keys whenever they serve although they should have been read again. */
  readonly reportStale: (ageSeconds: number) => void;
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
  let retryMs: number = KEY_SET_TIMES.retryMs;
  const ageMs = (): number =>
    state === undefined ? Number.POSITIVE_INFINITY : options.now().getTime() - state.fetchedAt;

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
  /** Tells whether the keys were read again. */
  const refresh = async (): Promise<boolean> => {
    const pauseMs = lastFailure === undefined ? retryMs : KEY_SET_TIMES.cooldownMs;
    if (inFlight === undefined && options.now().getTime() - attemptedAt < pauseMs) return false;
    inFlight ??= reload().finally(() => (inFlight = undefined));
    await inFlight;
    return true;
  };

  return async (header, token) => {
    if (ageMs() > KEY_SET_TIMES.freshMs) await refresh();
    if (state === undefined || ageMs() > KEY_SET_TIMES.staleMs) throw unavailable(lastFailure);
    if (ageMs() > KEY_SET_TIMES.freshMs) options.reportStale(Math.floor(ageMs() / 1000));
    const held = await findKey(state.keys, header, token);
    if (held !== undefined) return held;
    const isRead = await refresh();
    if (lastFailure !== undefined) throw unavailable(lastFailure);
    const found = await findKey(state.keys, header, token);
    if (found === undefined) {
      if (isRead) retryMs = Math.min(2 * retryMs, KEY_SET_TIMES.longestRetryMs);
      throw new JWKSNoMatchingKey();
    }
    ({ retryMs } = KEY_SET_TIMES);
    return found;
  };
}

type Key = Awaited<ReturnType<JWTVerifyGetKey>>;

/** Returns undefined when no key has the id. A key that cannot be used is the issuer's fault, not the token's. */
async function findKey(
  keys: JWTVerifyGetKey,
  ...[header, token]: Parameters<JWTVerifyGetKey>
): Promise<Key | undefined> {
  try {
    return await keys(header, token);
  } catch (error) {
    if (error instanceof JWKSNoMatchingKey) return undefined;
    throw error instanceof JOSEError ? error : unavailable(error);
  }
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
  if (listed.length > MAX_KEYS)
    throw new KeysUnavailableError(`the issuer’s key set has more than ${MAX_KEYS} keys`);
  const byId = new Map<string, JSONWebKeySet['keys'][number] | null>();
  for (const key of listed.filter(isSigningKey)) byId.set(key.kid, byId.has(key.kid) ? null : key);
  const keys = [...byId.values()].filter((key) => key !== null);
  if (keys.length === 0) throw new KeysUnavailableError('the issuer’s key set has no usable key');
  return { keys };
}

function isSigningKey(value: unknown): value is JSONWebKeySet['keys'][number] & { kid: string } {
  if (typeof value !== 'object' || value === null) return false;
  const use = 'use' in value ? value.use : 'sig';
  const kid = 'kid' in value ? value.kid : undefined;
  const secret = 'k' in value || 'd' in value;
  return typeof kid === 'string' && kid !== '' && use === 'sig' && !secret && !isWeakRsa(value);
}

/**
 * A modulus below 2048 bits can be factored; an exponent that is absent, even or 1 verifies what nobody signed.
 * Source: RFC 7518 section 3.3, RFC 8017 section 3.1.
 */
function isWeakRsa(key: object): boolean {
  if (!('kty' in key) || key.kty !== 'RSA') return false;
  const modulus = Buffer.from('n' in key ? String(key.n) : '', 'base64url');
  const exponent = Buffer.from('e' in key ? String(key.e) : '', 'base64url');
  const last = exponent.at(-1) ?? 0;
  const isOne = last === 1 && exponent.subarray(0, -1).every((byte) => byte === 0);
  const significant = modulus.subarray(modulus.findIndex((byte) => byte !== 0));
  return significant.length < MIN_RSA_BYTES || last % 2 === 0 || isOne;
}
