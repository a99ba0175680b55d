import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAN_NAMES } from '../../shared/config/plans.ts';
import { serveAuthorizer, type Authorizer } from '../../shared/http/authorizer-endpoint.ts';
import { toAuthorizerResult } from '../../shared/http/authorizer-response.ts';
import { parseCallerContext, toCallerContext, type Caller } from '../../shared/identity/caller.ts';
import { TokenRefusedError } from '../../shared/identity/refusal.ts';
import { hasUniqueMembers } from '../../shared/config/unique-members.ts';
import { createVerifier } from '../../shared/identity/verify.ts';
import { createClock } from '../support/clock.ts';
import { createLogRecorder } from '../support/log-lines.ts';
import { readGoodToken, readVectorIssuer, VECTOR_KINDS } from '../support/token-vectors.ts';
import { createTokenForge, ISSUER } from '../support/tokens.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 });
const names = fc.array(text, { maxLength: 10 });
const callers: fc.Arbitrary<Caller> = fc.record({
  issuer: text,
  issuerName: text,
  subject: text,
  client: text,
  actor: fc.option(text),
  scopes: names,
  groups: names,
  roles: names,
  tokenId: text,
  expiresAt: fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => new Date(seconds * 1000)),
  plan: fc.constantFrom(...PLAN_NAMES),
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
        const result = toAuthorizerResult(caller, {
          methodArn: 'arn:aws:execute-api:r:1:a/prod/GET/v1/x',
          usageKey: 'key',
        });
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
  const kinds = VECTOR_KINDS.map((kind) => ({ good: readGoodToken(kind) }));
  const verify = createVerifier({
    issuers: [ISSUER, ...VECTOR_KINDS.filter((kind) => kind !== 'rfc9068').map(readVectorIssuer)],
    fetchKeySet: () => Promise.resolve(forge.keySet),
    now: createClock().now,
    reportStaleKeys: () => undefined,
  });

  async function outcomeOf(authorization: string): Promise<unknown> {
    return verify(authorization).catch((error: unknown) => error);
  }

  async function isRefused(authorization: string): Promise<boolean> {
    return (await outcomeOf(authorization)) instanceof TokenRefusedError;
  }

  const encode = (part: string): string => Buffer.from(part).toString('base64url');
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((token) => `Bearer ${token}`),
    fc
      .uint8Array({ maxLength: 2_000 })
      .map((bytes) => `Bearer ${Buffer.from(bytes).toString('latin1')}`),
    fc
      .tuple(fc.json(), fc.json(), fc.base64String({ minLength: 20 }))
      .map(
        ([header, claims, signature]) =>
          `Bearer ${encode(header)}.${encode(claims)}.${signature.replaceAll(/[+/=]/g, '_')}`,
      ),
  );
  const signed = fc
    .record({
      kind: fc.constantFrom(...kinds),
      header: fc.dictionary(fc.constantFrom('alg', 'typ', 'cty', 'x', 'kid'), fc.jsonValue()),
      claims: fc
        .constantFrom(...kinds)
        .chain(({ good }) =>
          fc.dictionary(
            fc.constantFrom(
              ...Object.keys(good.claims),
              'nbf',
              'act',
              'roles',
              'scp',
              'idtyp',
              'cnf',
            ),
            fc.jsonValue(),
          ),
        ),
    })
    .map(({ kind: { good }, header, claims }) => {
      const parts = [
        { ...good.header, ...header },
        { ...good.claims, iss: good.issuer.issuer, ...claims },
      ] as const;
      return `Bearer ${forge.forge(...parts, good.signing)}`;
    });

  it('that is any text is refused and nothing worse', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (authorization) => {
        expect(await isRefused(authorization)).toBe(true);
      }),
    );
  });

  it('that an issuer signed with any header and claims is accepted or refused and nothing worse', async () => {
    await fc.assert(
      fc.asyncProperty(signed, async (authorization) => {
        const outcome = await outcomeOf(authorization);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(TokenRefusedError);
        else expect(outcome).toMatchObject({ subject: expect.any(String) as string });
      }),
    );
  });

  it('is in no log line and in no answer, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts, signed), async (authorization) => {
        const { log, lines } = createLogRecorder();
        const event = {
          methodArn: 'arn:aws:execute-api:r:1:a/prod/GET/v1/x',
          headers: { Authorization: authorization },
          requestContext: { requestId: 'request-1', identity: { sourceIp: '192.0.2.1' } },
        };
        const authorizer = (): Authorizer => ({ verify, toUsageKey: () => 'key' });
        const outcome: unknown = await serveAuthorizer(
          event as unknown as APIGatewayRequestAuthorizerEvent,
          { authorizer, log },
        ).catch((error: unknown) => String(error));
        const secret = authorization.slice('Bearer '.length);
        fc.pre(secret.length >= 40);
        const written = [...lines, JSON.stringify(outcome)].join('\n');
        expect(written).not.toContain(secret);
        for (const segment of secret.split('.').filter((text) => text.length >= 40))
          expect(written).not.toContain(segment);
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
          const changed = `${good.slice(0, at)}${put}${good.slice(at + 1)}`;
          expect(await isRefused(`Bearer ${changed}`)).toBe(true);
        },
      ),
    );
  });
});

describe('the members of a JSON text', () => {
  const json = fc.json({ maxDepth: 4 });

  it('are unique after they were parsed and written again', () => {
    fc.assert(
      fc.property(json, (text) => {
        expect(hasUniqueMembers(JSON.stringify(JSON.parse(text)))).toBe(true);
      }),
    );
  });

  it('are not unique once any of an object is written twice', () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(objects, fc.nat(), (object, at) => {
        const members = Object.entries(object).map(
          ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
        );
        const twice = [...members, members[at % members.length]].join(',');
        expect(hasUniqueMembers(`[{"a":{${twice}}}]`)).toBe(false);
      }),
    );
  });
});
