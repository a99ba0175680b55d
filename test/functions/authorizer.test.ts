import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { beforeAll, describe, expect, it } from 'vitest';
import { getToken } from '../support/api.ts';
import { captureLog, loadFunction, readEvent } from '../support/deployed-function.ts';

type Authorizer = (event: APIGatewayRequestAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>;

describe('authorizer', () => {
  let handler: Authorizer;

  beforeAll(async () => {
    await loadFunction('authorizer');
    ({ handler } = await import('../../functions/authorizer.ts'));
  });

  const withToken = (token: string): APIGatewayRequestAuthorizerEvent => ({
    ...(readEvent('authorizer') as unknown as APIGatewayRequestAuthorizerEvent),
    headers: { Authorization: `Bearer ${token}` },
    multiValueHeaders: { Authorization: [`Bearer ${token}`] },
  });

  it('allows a viewer every reading route and no other', async () => {
    const token = await getToken('viewer');
    const { result, log } = await captureLog(() => handler(withToken(token)));
    expect(log.join('')).not.toContain(token.slice(-20));
    const stage = 'arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/prod';
    expect(result.principalId).toBe('viewer');
    expect(result.usageIdentifierKey).toMatch(/^[0-9a-f]{40}$/);
    expect(result.policyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'execute-api:Invoke',
        Resource: [
          `${stage}/GET/v1/templates`,
          `${stage}/GET/v1/templates/*`,
          `${stage}/GET/v1/jobs/*`,
          `${stage}/GET/v1/jobs/*/logs`,
          `${stage}/GET/v1/jobs/*/result`,
          `${stage}/GET/v1/jobs/*/files/*`,
          `${stage}/GET/v1/jobs/*/audit`,
          `${stage}/GET/v1/me`,
        ],
      },
    ]);
  });

  it.each(['authorizer', 'authorizer.garbage-token', 'authorizer.no-token'])(
    'throws exactly Unauthorized at the event %s',
    async (name) => {
      const event = readEvent(name) as unknown as APIGatewayRequestAuthorizerEvent;
      const { result, log } = await captureLog(() =>
        handler(event).catch((error: unknown) => String(error)),
      );
      expect(result).toBe('Error: Unauthorized');
      expect(JSON.parse(log.at(-1) ?? '{}')).toMatchObject({
        level: 'warn',
        code: 'invalid_token',
      });
    },
  );
});
