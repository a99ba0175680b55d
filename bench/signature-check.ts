import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import {
  createTokenForge,
  GOOD_CLAIMS,
  type Signing,
  type TokenForge,
} from '../test/support/tokens.ts';

/** A signature algorithm, and the key of the tests' issuer that has it. */
export interface Algorithm {
  readonly name: 'RS256' | 'ES256';
  readonly keyId: string;
  readonly signing: Signing;
}

/** Those of which the benchmarks have keys. */
export const RS256: Algorithm = { name: 'RS256', keyId: 'rsa-1', signing: 'issuer-rs256' };
export const ES256: Algorithm = { name: 'ES256', keyId: 'ec-1', signing: 'issuer-es256' };

/**
 * Milliseconds that jose's bare check of an RS256 signature takes on the machine whose times the design's limits are: how fast
 * another one is, the same check tells.
 */
export const DESIGN_CHECK_MS = 0.042;

/** A good access token, and jose's bare check of its signature, which tells whether it is right. */
export interface SignatureCheck {
  readonly token: string;
  readonly isSigned: () => Promise<boolean>;
}

/** Makes a token that is signed with an algorithm, and the check of its signature. */
export function createSignatureCheck(
  { name, keyId, signing }: Algorithm,
  forge: TokenForge = createTokenForge(),
): SignatureCheck {
  const token = forge.forge({ alg: name, typ: 'at+jwt', kid: keyId }, GOOD_CLAIMS, signing);
  const keys = createLocalJWKSet(forge.keySet as JSONWebKeySet);
  const isSigned = async (): Promise<boolean> =>
    (await compactVerify(token, keys, { algorithms: [name] })).protectedHeader.kid === keyId;
  return { token, isSigned };
}
