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
  const verifier = createVerifier({ issuers: [ISSUER], fetchKeySet, now: createClock().now });
  const whole = { methodArn: METHOD, requestContext: { requestId: 'request-1' }, ...event };
  const outcome: unknown = await serveAuthorizer(whole as APIGatewayRequestAuthorizerEvent, {
    verifier: () => verifier,
    log,
  }).catch((error: unknown) => error);
  return { outcome, lines, entries: entries() };
}

describe('the authorizer', () => {
  it.each([['Authorization'], ['authorization'], ['AUTHORIZATION']])(
    'reads the token from the header %s',
    async (name) => {
      const { outcome, entries } = await serve({ headers: { [name]: `Bearer ${forge.good()}` } });
      expect(outcome).toMatchObject({ principalId: 'ana', context: { client: 'notebook' } });
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
    expect(entries).toMatchObject([
      { level: 'audit', code: 'invalid_token', decision: 'deny', rule: 'claim_invalid' },
    ]);
    expect(lines.join('')).not.toContain(token);
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
    expect(entries).toMatchObject([{ level: 'error', message: 'failed' }]);
    expect(entries[0]?.['cause']).toContain('KeysUnavailableError');
  });
});
