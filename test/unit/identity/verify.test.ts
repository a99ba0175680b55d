import { generateKeyPair, exportJWK, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { KeysUnavailableError } from '../../../shared/identity/keys.ts';
import { TokenRefusedError } from '../../../shared/identity/refusal.ts';
import { createVerifier, type VerifyToken } from '../../../shared/identity/verify.ts';
import { createClock } from '../../support/clock.ts';
import {
  mend,
  readGoodToken,
  readVectorIssuer,
  readVectors,
  toAuthorization,
  VECTOR_KINDS,
  type GoodToken,
  type TokenChange,
} from '../../support/token-vectors.ts';
import { createTokenForge, ISSUER, START_SECONDS } from '../../support/tokens.ts';

const forge = createTokenForge();
const clock = createClock();
const reportStaleKeys = (): never => {
  throw new Error('keys are stale');
};
const fetchKeySet = (): Promise<unknown> => Promise.resolve(forge.keySet);
const verify = createVerifier({ issuers: [ISSUER], fetchKeySet, now: clock.now, reportStaleKeys });

async function outcomeOf(verifier: VerifyToken, authorization?: string): Promise<unknown> {
  try {
    return await verifier(authorization);
  } catch (error) {
    if (!(error instanceof TokenRefusedError)) throw error;
    const { reason, claim } = error;
    return claim === null ? { reason } : { reason, claim };
  }
}

describe.each(VECTOR_KINDS)('tokens of the kind %s', (kind) => {
  const good: GoodToken = readGoodToken(kind);
  const issuers = [readVectorIssuer(kind)];
  const verifier = createVerifier({ issuers, fetchKeySet, now: clock.now, reportStaleKeys });
  const target = { forge, ...good.issuer, nowSeconds: START_SECONDS };
  const decide = (change: TokenChange): Promise<unknown> =>
    outcomeOf(verifier, toAuthorization(change, good, target));
  const vectors = readVectors(kind);
  const refused = vectors.filter(({ vector }) => 'reason' in vector.expect);

  it('are read as their documentation shows them', async () => {
    expect(await decide({})).toMatchObject(good.caller);
  });

  it.each(vectors)('are decided as $name says', async ({ vector }) => {
    const outcome = await decide(vector);
    if ('caller' in vector.expect) expect(outcome).toMatchObject(vector.expect.caller);
    else expect(outcome).toEqual(vector.expect);
  });

  it.each(refused)('are accepted when $name is mended', async ({ vector }) => {
    expect(vector.mend).toBeDefined();
    expect(await decide(mend(vector))).toMatchObject(good.caller);
  });
});

describe('verification of tokens', () => {
  it('refuses a request without an Authorization header', async () => {
    expect(await outcomeOf(verify)).toEqual({ reason: 'malformed_header' });
  });

  it('maps the claims of RFC 9068 to a caller', async () => {
    const claims = {
      act: { sub: 'agent-7' },
      roles: ['operator'],
      scope: ' jobs:read  jobs:cancel ',
    };
    expect(await verify(`Bearer ${forge.good(claims)}`)).toEqual({
      issuer: 'https://issuer.example',
      issuerName: 'test',
      subject: 'ana',
      client: 'notebook',
      actor: 'agent-7',
      scopes: ['jobs:read', 'jobs:cancel'],
      groups: ['analysts'],
      roles: ['operator'],
      tokenId: 'token-1',
      expiresAt: new Date('2026-01-15T12:05:00.000Z'),
      plan: 'limited',
    });
  });

  it('accepts a token that another library made', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] };
    const verifier = createVerifier({
      issuers: [ISSUER],
      fetchKeySet: () => Promise.resolve(keySet),
      now: clock.now,
      reportStaleKeys,
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
      name: 'second',
      issuer: 'https://second.example',
      audience: 'urn:second',
      jwksUri: 'https://second.example/jwks',
    };
    const verifier = createVerifier({
      issuers: [ISSUER, second],
      fetchKeySet: (uri) => Promise.resolve(uri === ISSUER.jwksUri ? forge.keySet : other.keySet),
      now: clock.now,
      reportStaleKeys,
    });
    const claims = { iss: 'https://second.example', aud: 'urn:second' };
    expect((await verifier(`Bearer ${other.good(claims)}`)).issuer).toBe('https://second.example');
    const crossed = verifier(`Bearer ${forge.good(claims)}`);
    await expect(crossed).rejects.toMatchObject({ reason: 'bad_signature' });
    const mixed = verifier(`Bearer ${other.good({ iss: 'https://second.example' })}`);
    await expect(mixed).rejects.toMatchObject({ reason: 'claim_invalid', claim: 'aud' });
  });

  it('never turns an unreachable issuer into a refusal', async () => {
    const verifier = createVerifier({
      issuers: [ISSUER],
      fetchKeySet: () => Promise.reject(new Error('down')),
      now: clock.now,
      reportStaleKeys,
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
      reportStaleKeys,
    });
    const strange = forge.good({ iss: 'https://attacker.example' });
    await expect(verifier(`Bearer ${strange}`)).rejects.toMatchObject({ reason: 'unknown_issuer' });
    await expect(verifier('Bearer garbage')).rejects.toMatchObject({ reason: 'malformed_token' });
    expect(fetches).toBe(0);
  });

  it('names a token without an id by what is signed', async () => {
    const good = readGoodToken('google');
    const issuers = [readVectorIssuer('google')];
    const verifier = createVerifier({ issuers, fetchKeySet, now: clock.now, reportStaleKeys });
    const read = async (claims: Readonly<Record<string, unknown>>): Promise<string> => {
      const target = { forge, ...good.issuer, nowSeconds: START_SECONDS };
      return (await verifier(toAuthorization({ claims }, good, target))).tokenId;
    };
    expect(await read({})).toMatch(/^sha256:[0-9a-f]{32}$/);
    expect(await read({})).toBe(await read({}));
    expect(await read({ iat: START_SECONDS - 1 })).not.toBe(await read({}));
    // ECDSA signs the same words otherwise each time: it is one token still.
    const issuer = { ...readVectorIssuer('google'), algorithms: ['ES256'] };
    const other = createVerifier({
      ...{ fetchKeySet, reportStaleKeys },
      issuers: [issuer],
      now: clock.now,
    });
    const header = { alg: 'ES256', typ: 'JWT', kid: 'ec-1' };
    const sign = (): string => `Bearer ${forge.forge(header, good.claims, 'issuer-es256')}`;
    const [one, two] = [sign(), sign()];
    expect(one).not.toBe(two);
    expect((await other(one)).tokenId).toBe((await other(two)).tokenId);
  });

  it('says of a refused token who is said to have made it, and hashes', async () => {
    const error: unknown = await verify(`Bearer ${forge.good({ aud: 'x' })}`).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      evidence: {
        issuerName: 'test',
        keyId: 'rsa-1',
        algorithm: 'RS256',
        subjectHash: '24d4b96f58da6d4a',
        tokenIdHash: '3f08aace122ee236',
      },
    });
    const unknown: unknown = await verify('Bearer garbage').catch((thrown: unknown) => thrown);
    expect(unknown).toMatchObject({ evidence: null });
  });

  it('holds a token to the age that its issuer allows', async () => {
    const issuers = [{ ...ISSUER, maxTokenAgeSeconds: 600 }];
    const verifier = createVerifier({ issuers, fetchKeySet, now: clock.now, reportStaleKeys });
    const makeOld = (seconds: number): string =>
      `Bearer ${forge.good({ iat: START_SECONDS - seconds })}`;
    expect(await outcomeOf(verifier, makeOld(630))).toMatchObject({ subject: 'ana' });
    expect(await outcomeOf(verifier, makeOld(631))).toEqual({ reason: 'expired', claim: 'iat' });
  });

  it('keeps the token out of the refusal', async () => {
    const token = forge.good({ exp: START_SECONDS - 3600 });
    const error: unknown = await verify(`Bearer ${token}`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TokenRefusedError);
    expect(String(error)).toBe('TokenRefusedError: expired');
  });
});
