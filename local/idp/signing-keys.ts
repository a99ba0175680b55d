import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A private signing key with its public name. */
export interface SigningKey {
  readonly alg: 'RS256' | 'ES256';
  readonly kid: string;
  readonly jwk: JWK;
}

/** Makes a fresh private key; its `kid` is the RFC 7638 thumbprint. RSA keys have 2048 bits. */
export async function makeSigningKey(alg: SigningKey['alg']): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const bare = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(bare);
  return { alg, kid, jwk: { ...bare, kid, alg, use: 'sig' } };
}
