import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAuthorizerResult } from '../../shared/http/authorizer-response.ts';
import { parseCallerContext, toCallerContext, type Caller } from '../../shared/identity/caller.ts';
import { createVerifier, TokenRefusedError } from '../../shared/identity/verify.ts';
import { createClock } from '../support/clock.ts';
import { createTokenForge, GOOD_CLAIMS, ISSUER } from '../support/tokens.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });
const names = fc.array(text, { maxLength: 10 });
const callers: fc.Arbitrary<Caller> = fc.record({
  issuer: text,
  subject: text,
  client: text,
  actor: fc.option(text),
  scopes: names,
  groups: names,
  roles: names,
  tokenId: text,
  expiresAt: fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => new Date(seconds * 1000)),
});

describe('a caller', () => {
  it('comes back from its context as it went in', () => {
    fc.assert(
      fc.property(callers, (caller) => {
        const context = toCallerContext(caller);
        expect(Object.values(context).filter((value) => typeof value !== 'string')).toEqual([]);
        expect(parseCallerContext(context)).toEqual(caller);
      }),
    );
  });

  it('is somebody with an instant of expiry, or nobody, whatever the context is', () => {
    const contexts = fc.oneof(
      fc.anything(),
      callers.chain((caller) =>
        fc
          .record(
            { expiresAt: fc.anything(), groups: fc.anything(), subject: fc.anything() },
            { requiredKeys: [] },
          )
          .map((changes) => ({ ...toCallerContext(caller), ...changes })),
      ),
    );
    fc.assert(
      fc.property(contexts, (context) => {
        const caller = parseCallerContext(context);
        if (caller === undefined) return;
        expect(caller.subject).not.toBe('');
        expect(Number.isNaN(caller.expiresAt.getTime())).toBe(false);
      }),
    );
  });

  it('is described to the gateway as JSON, and never by a policy that allows everything', () => {
    fc.assert(
      fc.property(callers, (caller) => {
        const result = toAuthorizerResult(caller, 'arn:aws:execute-api:r:1:a/prod/GET/v1/x');
        const described: unknown = JSON.parse(String(result.context?.['callerJson']));
        expect(described).toMatchObject({ subject: caller.subject, issuer: caller.issuer });
        const [statement] = result.policyDocument.Statement;
        if (statement?.Effect === 'Allow') expect(JSON.stringify(statement)).not.toContain('/*/*"');
      }),
    );
  });
});

describe('a token', () => {
  const forge = createTokenForge();
  const verify = createVerifier({
    issuers: [ISSUER],
    fetchKeySet: () => Promise.resolve(forge.keySet),
    now: createClock().now,
  });

  async function isRefused(authorization: string): Promise<boolean> {
    return verify(authorization).then(
      () => false,
      (error: unknown) => error instanceof TokenRefusedError,
    );
  }

  it('that is any text is refused and nothing worse', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((token) => `Bearer ${token}`),
      fc
        .tuple(fc.json(), fc.json(), fc.base64String({ minLength: 20 }))
        .map(([header, claims, signature]) => {
          const encode = (part: string): string => Buffer.from(part).toString('base64url');
          return `Bearer ${encode(header)}.${encode(claims)}.${signature.replaceAll(/[+/=]/g, '_')}`;
        }),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (authorization) => {
        expect(await isRefused(authorization)).toBe(true);
      }),
    );
  });

  it('that the issuer signed with any header and claims is accepted or refused and nothing worse', async () => {
    const parts = fc.record({
      header: fc.dictionary(fc.constantFrom('alg', 'typ', 'cty', 'x'), fc.jsonValue()),
      claims: fc.dictionary(
        fc.constantFrom(
          'aud',
          'exp',
          'iat',
          'nbf',
          'sub',
          'jti',
          'client_id',
          'act',
          'scope',
          'groups',
        ),
        fc.jsonValue(),
      ),
    });
    await fc.assert(
      fc.asyncProperty(parts, async ({ header, claims }) => {
        const token = forge.forge(
          { alg: 'RS256', typ: 'at+jwt', kid: 'rsa-1', ...header },
          { ...GOOD_CLAIMS, ...claims },
          'issuer-rs256',
        );
        const outcome: unknown = await verify(`Bearer ${token}`).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(TokenRefusedError);
        else expect(outcome).toMatchObject({ issuer: 'https://issuer.example' });
      }),
    );
  });

  it('with any byte changed is refused', async () => {
    const good = forge.good();
    const positions = fc.integer({ min: 0, max: good.lastIndexOf('.') - 1 });
    await fc.assert(
      fc.asyncProperty(
        positions,
        fc.constantFrom('A', 'z', '0', '-', '.', '='),
        async (at, put) => {
          fc.pre(good[at] !== put);
          expect(await isRefused(`Bearer ${good.slice(0, at)}${put}${good.slice(at + 1)}`)).toBe(
            true,
          );
        },
      ),
    );
  });
});
