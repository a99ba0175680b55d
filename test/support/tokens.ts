import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { IssuerConfig } from '../../shared/config.ts';

/** The issuer that tests trust. */
export const ISSUER: IssuerConfig = {
  name: 'test',
  kind: 'rfc9068',
  issuer: 'https://issuer.example',
  audience: 'urn:jobgate',
  jwksUri: 'https://issuer.example/jwks',
  algorithms: ['RS256', 'ES256'],
};

/** The instant of {@link START} in seconds since the epoch. */
export const START_SECONDS = 1_768_478_400;

/** Claims that are accepted at the test clock's start. Source: RFC 9068 section 2.2. */
export const GOOD_CLAIMS = {
  iss: 'https://issuer.example',
  aud: 'urn:jobgate',
  sub: 'ana',
  client_id: 'notebook',
  jti: 'token-1',
  scope: 'jobs:read jobs:submit',
  groups: ['analysts'],
  iat: START_SECONDS,
  exp: START_SECONDS + 300,
} as const;

/** How a forged token is signed. */
export type Signing =
  | 'issuer-rs256'
  | 'issuer-es256'
  | 'issuer-rs512'
  | 'stranger-rs256'
  | 'public-key-hs256'
  | 'empty-secret-hs256'
  | 'zeros';

/** Keys of an issuer and of a stranger, made once per test file. */
export interface TokenForge {
  /** The issuer's public keys. */
  readonly keySet: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly forge: (header: unknown, claims: unknown, signing: Signing) => string;
  /** A token that is accepted at the test clock's start. */
  readonly good: (claims?: Readonly<Record<string, unknown>>, keyId?: string) => string;
}

/** Makes the keys. */
export function createTokenForge(): TokenForge {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
  const signers: Readonly<Record<Signing, (text: string) => Buffer>> = {
    'issuer-rs256': (text) => sign('sha256', Buffer.from(text), rsa.privateKey),
    'issuer-rs512': (text) => sign('sha512', Buffer.from(text), rsa.privateKey),
    'stranger-rs256': (text) => sign('sha256', Buffer.from(text), stranger.privateKey),
    'issuer-es256': (text) =>
      sign('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }),
    'public-key-hs256': (text) => createHmac('sha256', publicPem).update(text).digest(),
    'empty-secret-hs256': (text) => createHmac('sha256', '').update(text).digest(),
    zeros: () => Buffer.alloc(64),
  };
  const forge = (header: unknown, claims: unknown, signing: Signing): string => {
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${signers[signing](text).toString('base64url')}`;
  };
  return {
    keySet: {
      keys: [toJwk(rsa.publicKey, 'rsa-1', 'RS256'), toJwk(ec.publicKey, 'ec-1', 'ES256')],
    },
    forge,
    good: (claims = {}, keyId = 'rsa-1') =>
      forge(
        { alg: 'RS256', typ: 'at+jwt', kid: keyId },
        { ...GOOD_CLAIMS, ...claims },
        'issuer-rs256',
      ),
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function toJwk(key: KeyObject, kid: string, alg: string): Readonly<Record<string, unknown>> {
  return { ...key.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}
