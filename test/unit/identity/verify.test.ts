import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair, exportJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { KeysUnavailableError } from '../../../shared/identity/keys.ts';
import { createVerifier, TokenRefusedError } from '../../../shared/identity/verify.ts';
import { createClock } from '../../support/clock.ts';
import {
  createTokenForge,
  GOOD_CLAIMS,
  ISSUER,
  START_SECONDS,
  type Signing,
} from '../../support/tokens.ts';

interface Vector {
  readonly title: string;
  /** Changes to the good header and claims; null removes a member. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signing?: Signing;
  readonly mutate?: keyof typeof MUTATIONS;
  /** The whole header, where `{token}` stands for the token. */
  readonly authorization?: string;
  readonly expect: { readonly reason: string } | { readonly subject: string };
}

const FOLDER = join(import.meta.dirname, '../../vectors/tokens');
const GOOD_HEADER = { alg: 'RS256', typ: 'at+jwt', kid: 'rsa-1' };

const forge = createTokenForge();
const clock = createClock();
const verify = createVerifier({
  issuers: [ISSUER],
  fetchKeySet: () => Promise.resolve(forge.keySet),
  now: clock.now,
});

function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );
}

/** Inserts text in the middle of a segment. */
function insert(segment: string, text: string): string {
  return segment.slice(0, 20) + text + segment.slice(20);
}

type Segments = readonly [string, string, string];

/** Last characters of 256 bytes in base64url, and another spelling of the same two bits. */
const SPELT_OTHERWISE: Readonly<Record<string, string>> = { A: 'B', Q: 'R', g: 'h', w: 'x' };

const MUTATIONS = {
  'empty-signature': ([header, payload]: Segments) => `${header}.${payload}.`,
  'drop-signature': ([header, payload]: Segments) => `${header}.${payload}`,
  'spare-bits': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${signature.slice(0, -1)}${SPELT_OTHERWISE[signature.slice(-1)] ?? '-'}`,
  'append-segment': (segments: Segments) => [...segments, 'AAAA'].join('.'),
  'as-jwe': ([header, payload, signature]: Segments) =>
    [header, payload, signature, signature, signature].join('.'),
  'as-json': ([header, payload, signature]: Segments) =>
    JSON.stringify({ protected: header, payload, signature }),
  'header-list': ([, payload, signature]: Segments) => [encode([]), payload, signature].join('.'),
  'header-text': ([, payload, signature]: Segments) =>
    [encode('no JSON'), payload, signature].join('.'),
  'payload-text': ([header, , signature]: Segments) =>
    [header, encode('no JSON'), signature].join('.'),
  'payload-list': ([header, , signature]: Segments) => [header, encode([]), signature].join('.'),
  'flip-signature': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  'swap-claims': ([header, , signature]: Segments) =>
    [header, encode({ ...GOOD_CLAIMS, sub: 'ada' }), signature].join('.'),
  'pad-signature': (segments: Segments) => `${segments.join('.')}==`,
  'pad-payload': ([header, payload, signature]: Segments) => `${header}.${payload}=.${signature}`,
  'space-in-signature': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${insert(signature, ' ')}`,
  'newline-in-payload': ([header, payload, signature]: Segments) =>
    `${header}.${insert(payload, '\n')}.${signature}`,
  'standard-alphabet': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${insert(signature, '+/')}`,
  'stretch-13-kilobytes': ([header, , signature]: Segments) =>
    `${header}.${encode({ ...GOOD_CLAIMS, filler: 'x'.repeat(9_300) })}.${signature}`,
  'stretch-20-kilobytes': ([header, , signature]: Segments) =>
    `${header}.${encode({ ...GOOD_CLAIMS, filler: 'x'.repeat(15_000) })}.${signature}`,
} as const satisfies Readonly<Record<string, (segments: Segments) => string>>;

function merge(base: object, changes: Readonly<Record<string, unknown>> = {}): object {
  const merged = Object.entries({ ...base, ...changes });
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

function toAuthorization(vector: Vector): string {
  const header = merge(GOOD_HEADER, vector.header);
  const claims = merge(GOOD_CLAIMS, vector.claims);
  const token = forge.forge(header, claims, vector.signing ?? 'issuer-rs256');
  const [first = '', second = '', third = ''] = token.split('.');
  const sent =
    vector.mutate === undefined ? token : MUTATIONS[vector.mutate]([first, second, third]);
  return (vector.authorization ?? 'Bearer {token}').replaceAll('{token}', sent);
}

async function outcomeOf(authorization: string | undefined): Promise<unknown> {
  try {
    return { subject: (await verify(authorization)).subject };
  } catch (error) {
    if (error instanceof TokenRefusedError) return { reason: error.reason };
    throw error;
  }
}

const vectors = readdirSync(FOLDER).map((path): readonly [string, Vector] => [
  path.replace(/\.json$/, ''),
  JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as Vector,
]);

describe('verification of tokens', () => {
  it.each(vectors)('decides the vector %s as its file says', async (_name, vector) => {
    expect(await outcomeOf(toAuthorization(vector))).toEqual(vector.expect);
  });

  it('refuses a request without an Authorization header', async () => {
    expect(await outcomeOf(undefined)).toEqual({ reason: 'malformed_header' });
  });

  it('maps the claims of RFC 9068 to a caller', async () => {
    const claims = {
      act: { sub: 'agent-7' },
      roles: ['operator'],
      scope: ' jobs:read  jobs:admin ',
    };
    expect(await verify(`Bearer ${forge.good(claims)}`)).toEqual({
      issuer: 'https://issuer.example',
      subject: 'ana',
      client: 'notebook',
      actor: 'agent-7',
      scopes: ['jobs:read', 'jobs:admin'],
      groups: ['analysts'],
      roles: ['operator'],
      tokenId: 'token-1',
      expiresAt: new Date('2026-01-15T12:05:00.000Z'),
    });
  });

  it('accepts a token that another library made', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] };
    const verifier = createVerifier({
      issuers: [ISSUER],
      fetchKeySet: () => Promise.resolve(keySet),
      now: clock.now,
    });
    const token = await new SignJWT({ client_id: 'cli' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k' })
      .setIssuer('https://issuer.example')
      .setAudience('urn:jobgate')
      .setSubject('joe')
      .setJti('j-1')
      .setIssuedAt(START_SECONDS)
      .setExpirationTime(START_SECONDS + 60)
      .sign(privateKey);
    expect((await verifier(`Bearer ${token}`)).subject).toBe('joe');
  });

  it('holds each issuer to its own keys and audience', async () => {
    const other = createTokenForge();
    const second = {
      ...ISSUER,
      issuer: 'https://second.example',
      audience: 'urn:second',
      jwksUri: 'https://second.example/jwks',
    };
    const verifier = createVerifier({
      issuers: [ISSUER, second],
      fetchKeySet: (uri) => Promise.resolve(uri === ISSUER.jwksUri ? forge.keySet : other.keySet),
      now: clock.now,
    });
    const claims = { iss: 'https://second.example', aud: 'urn:second' };
    expect((await verifier(`Bearer ${other.good(claims)}`)).issuer).toBe('https://second.example');
    const crossed = verifier(`Bearer ${forge.good(claims)}`);
    await expect(crossed).rejects.toMatchObject({ reason: 'bad_signature' });
    const mixed = verifier(`Bearer ${other.good({ iss: 'https://second.example' })}`);
    await expect(mixed).rejects.toMatchObject({ reason: 'claim_invalid' });
  });

  it('never turns an unreachable issuer into a refusal', async () => {
    const verifier = createVerifier({
      issuers: [ISSUER],
      fetchKeySet: () => Promise.reject(new Error('down')),
      now: clock.now,
    });
    await expect(verifier(`Bearer ${forge.good()}`)).rejects.toBeInstanceOf(KeysUnavailableError);
  });

  it('asks an issuer for nothing before the token names it in a well-formed way', async () => {
    let fetches = 0;
    const verifier = createVerifier({
      issuers: [ISSUER],
      fetchKeySet: () => {
        fetches += 1;
        return Promise.resolve(forge.keySet);
      },
      now: clock.now,
    });
    const strange = forge.good({ iss: 'https://attacker.example' });
    await expect(verifier(`Bearer ${strange}`)).rejects.toMatchObject({ reason: 'unknown_issuer' });
    await expect(verifier('Bearer garbage')).rejects.toMatchObject({ reason: 'malformed_token' });
    expect(fetches).toBe(0);
  });

  it('keeps the token out of the refusal', async () => {
    const token = forge.good({ exp: START_SECONDS - 3600 });
    const error: unknown = await verify(`Bearer ${token}`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TokenRefusedError);
    expect(String(error)).toBe('TokenRefusedError: expired');
  });
});
