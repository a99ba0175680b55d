import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { IssuerConfig } from '../../shared/config/issuers.ts';

/** The issuer that tests trust. */
export const ISSUER: IssuerConfig = {
  name: 'test',
  kind: 'rfc9068',
  issuer: 'https://issuer.example',
  audience: 'urn:jobgate',
  jwksUri: 'https://issuer.example/jwks',
  algorithms: ['RS256', 'ES256'],
  clients: null,
  groupsClaim: 'groups',
  rolesClaim: 'roles',
  maxTokenAgeSeconds: 14_400,
  tokenScopes: ['jobs:read', 'jobs:submit', 'jobs:cancel'],
  grants: [],
  plan: 'standard',
  plans: [],
  loginClient: null,
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
  | 'issuer-rs512'
  | 'issuer-ps256'
  | 'issuer-es256'
  | 'issuer-es384'
  | 'issuer-eddsa'
  | 'stranger-rs256'
  | 'public-key-hs256'
  | 'empty-secret-hs256'
  | 'zeros';

/** An issuer's private keys as JSON, so that they can be handed to another process. */
export type ForgeKeys = Readonly<Record<'rsa' | 'p256' | 'p384' | 'ed25519', JsonWebKey>>;

/** Keys of an issuer and of a stranger, made once per test file. */
export interface TokenForge {
  /** The issuer's public keys. */
  readonly keySet: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** Signs a header and claims; text is taken as it is. */
  readonly forge: (header: unknown, claims: unknown, signing: Signing) => string;
  /** A token that is accepted at the test clock's start. */
  readonly good: (claims?: Readonly<Record<string, unknown>>, keyId?: string) => string;
}

/** Makes the private keys of an issuer. */
export function createForgeKeys(): ForgeKeys {
  const toPrivateJwk = ({ privateKey }: { readonly privateKey: KeyObject }): JsonWebKey =>
    privateKey.export({ format: 'jwk' });
  return {
    rsa: toPrivateJwk(generateKeyPairSync('rsa', { modulusLength: 2048 })),
    p256: toPrivateJwk(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    p384: toPrivateJwk(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ed25519: toPrivateJwk(generateKeyPairSync('ed25519')),
  };
}

/** Makes a forge with the given keys of the issuer. */
export function createTokenForge(keys: ForgeKeys = createForgeKeys()): TokenForge {
  const signers = createSigners(keys);
  const forge: TokenForge['forge'] = (header, claims, signing) => {
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${signers[signing](text).toString('base64url')}`;
  };
  return {
    keySet: {
      keys: [
        toPublicJwk(keys.rsa, 'rsa-1', 'RS256'),
        toPublicJwk(keys.rsa, 'rsa-pss-1', 'PS256'),
        toPublicJwk(keys.p256, 'ec-1', 'ES256'),
        toPublicJwk(keys.p384, 'ec-384-1', 'ES384'),
        toPublicJwk(keys.ed25519, 'ed-1', 'EdDSA'),
      ],
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

type Signers = Readonly<Record<Signing, (text: string) => Buffer>>;

/** Source: FIPS 186-5; the salt of PS256 is as long as its hash, RFC 7518 section 3.5. */
function createSigners(keys: ForgeKeys): Signers {
  const toKey = (jwk: JsonWebKey): KeyObject => createPrivateKey({ key: jwk, format: 'jwk' });
  const [rsa, p256, p384, ed25519] = [keys.rsa, keys.p256, keys.p384, keys.ed25519].map(toKey);
  if (!rsa || !p256 || !p384 || !ed25519) throw new Error('a key is missing');
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicPem = createPublicKey(rsa).export({ type: 'spki', format: 'pem' });
  const pss = { key: rsa, padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const toRaw = (key: KeyObject) => ({ key, dsaEncoding: 'ieee-p1363' }) as const;
  return {
    'issuer-rs256': (text) => sign('sha256', Buffer.from(text), rsa),
    'issuer-rs512': (text) => sign('sha512', Buffer.from(text), rsa),
    'issuer-ps256': (text) => sign('sha256', Buffer.from(text), pss),
    'issuer-es256': (text) => sign('sha256', Buffer.from(text), toRaw(p256)),
    'issuer-es384': (text) => sign('sha384', Buffer.from(text), toRaw(p384)),
    'issuer-eddsa': (text) => sign(null, Buffer.from(text), ed25519),
    'stranger-rs256': (text) => sign('sha256', Buffer.from(text), stranger),
    'public-key-hs256': (text) => createHmac('sha256', publicPem).update(text).digest(),
    'empty-secret-hs256': (text) => createHmac('sha256', '').update(text).digest(),
    zeros: () => Buffer.alloc(64),
  };
}

const { RSA_PKCS1_PSS_PADDING } = constants;

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

function toPublicJwk(key: JsonWebKey, kid: string, alg: string): Readonly<Record<string, unknown>> {
  const jwk = createPublicKey({ key, format: 'jwk' }).export({ format: 'jwk' });
  return { ...jwk, kid, alg, use: 'sig' };
}
