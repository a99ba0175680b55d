import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { serveAuthorizer } from '../../../shared/http/authorizer-endpoint.ts';
import { KeysUnavailableError } from '../../../shared/identity/keys.ts';
import { createVerifier } from '../../../shared/identity/verify.ts';
import { createClock } from '../../support/clock.ts';
import { createLogRecorder } from '../../support/log-lines.ts';
import { createTokenForge, ISSUER } from '../../support/tokens.ts';

const forge = createTokenForge();
const METHOD = 'arn:aws:execute-api:eu-west-1:1:api/prod/GET/v1/templates';

interface Served {
  readonly outcome: unknown;
  readonly lines: readonly string[];
  readonly entries: readonly Readonly<Record<string, unknown>>[];
}

async function serve(
  event: Partial<APIGatewayRequestAuthorizerEvent>,
  fetchKeySet: () => Promise<unknown> = () => Promise.resolve(forge.keySet),
): Promise<Served> {
  const { log, lines, entries } = createLogRecorder();
  const verify = createVerifier({
    issuers: [ISSUER],
    fetchKeySet,
    now: createClock().now,
    reportStaleKeys: () => undefined,
  });
  const requestContext = { requestId: 'request-1', identity: { sourceIp: '192.0.2.1' } };
  const whole = { methodArn: METHOD, requestContext, ...event };
  const outcome: unknown = await serveAuthorizer(whole as APIGatewayRequestAuthorizerEvent, {
    authorizer: () => ({ verify, toUsageKey: ({ subject }) => `key of ${subject}` }),
    log,
  }).catch((error: unknown) => error);
  return { outcome, lines, entries: entries() };
}

describe('the authorizer', () => {
  it.each([['Authorization'], ['authorization'], ['AUTHORIZATION']])(
    'reads the token from the header %s',
    async (name) => {
      const { outcome, entries } = await serve({ headers: { [name]: `Bearer ${forge.good()}` } });
      expect(outcome).toMatchObject({
        principalId: 'ana',
        context: { client: 'notebook' },
        usageIdentifierKey: 'key of ana',
      });
      expect(entries).toMatchObject([
        {
          level: 'info',
          message: 'authenticated',
          requestId: 'request-1',
          caller: 'ana via notebook',
        },
      ]);
    },
  );

  it('throws the one message that becomes 401, and writes why', async () => {
    const token = forge.good({ aud: 'urn:other' });
    const { outcome, entries, lines } = await serve({
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(outcome).toEqual(new Error('Unauthorized'));
    expect(outcome).not.toHaveProperty('cause');
    expect(entries).toEqual([
      {
        timestamp: '2026-01-15T12:00:00.000Z',
        level: 'warn',
        message: 'refused',
        requestId: 'request-1',
        httpMethod: 'GET',
        path: '/v1/templates',
        sourceIp: '192.0.2.1',
        code: 'invalid_token',
        decision: 'deny',
        rule: 'claim_invalid',
        claim: 'aud',
        kid: 'rsa-1',
        issuer: 'test',
        alg: 'RS256',
        subjectHash: '24d4b96f58da6d4a',
        tokenIdHash: '3f08aace122ee236',
      },
    ]);
    expect(lines.join('')).not.toContain(token);
  });

  it('writes of an unknown issuer’s token only what cannot be chosen to mislead', async () => {
    const header = { alg: 'x'.repeat(40), typ: 'at+jwt', kid: 'k'.repeat(200) };
    const token = forge.forge(header, { iss: 'https://attacker.example', sub: 7 }, 'zeros');
    const { entries } = await serve({ headers: { Authorization: `Bearer ${token}` } });
    expect(entries).toMatchObject([{ rule: 'unknown_issuer', kid: 'k'.repeat(80) }]);
    expect(Object.keys(entries[0] ?? {})).not.toContain('issuer');
    expect(Object.keys(entries[0] ?? {})).not.toContain('alg');
    expect(Object.keys(entries[0] ?? {})).not.toContain('subjectHash');
  });

  it.each([
    ['no headers', {}],
    ['null headers', { headers: null, multiValueHeaders: null }],
    ['an empty header', { headers: { Authorization: '' } }],
  ])('refuses %s', async (_name, event) => {
    const { outcome, entries } = await serve(event);
    expect(outcome).toEqual(new Error('Unauthorized'));
    expect(entries).toMatchObject([{ rule: 'malformed_header' }]);
  });

  it('refuses two Authorization headers, though both are good', async () => {
    const good = `Bearer ${forge.good()}`;
    const event = {
      headers: { Authorization: good },
      multiValueHeaders: { Authorization: [good, good] },
    };
    expect((await serve(event)).outcome).toEqual(new Error('Unauthorized'));
  });

  it('throws another message when the issuer’s keys cannot be read, so that it is no 401', async () => {
    const headers = { Authorization: `Bearer ${forge.good()}` };
    const down = (): Promise<never> => Promise.reject(new KeysUnavailableError('down'));
    const { outcome, entries } = await serve({ headers }, down);
    expect(outcome).toEqual(new Error('AuthorizerFailure'));
    expect(entries).toMatchObject([{ level: 'error', message: 'failed', path: '/v1/templates' }]);
    expect(entries[0]?.['cause']).toContain('KeysUnavailableError');
  });
});
