import { describe, expect, it } from 'vitest';
import { toAuthorizerResult } from '../../../shared/http/authorizer-response.ts';
import { ANALYST } from '../../support/callers.ts';

const STAGE = 'arn:aws:execute-api:eu-west-1:123456789012:api-1/prod';
const ARN = `${STAGE}/GET/v1/templates`;
const READS = [
  `${STAGE}/GET/v1/templates`,
  `${STAGE}/GET/v1/templates/*`,
  `${STAGE}/GET/v1/jobs/*`,
  `${STAGE}/GET/v1/jobs/*/logs`,
  `${STAGE}/GET/v1/jobs/*/result`,
  `${STAGE}/GET/v1/jobs/*/files/*`,
];

function statementFor(...scopes: readonly string[]): unknown {
  return toAuthorizerResult({ ...ANALYST, scopes }, ARN).policyDocument.Statement[0];
}

function allow(...resources: readonly string[]): object {
  return { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: resources };
}

describe('the authorizer’s policy', () => {
  it('allows every method that the scopes cover and nothing else', () => {
    expect(statementFor('jobs:read')).toEqual(allow(...READS));
    expect(statementFor('jobs:submit')).toEqual(allow(`${STAGE}/POST/v1/jobs`));
    expect(statementFor('jobs:submit', 'jobs:read')).toEqual(
      allow(...READS.slice(0, 2), `${STAGE}/POST/v1/jobs`, ...READS.slice(2)),
    );
  });

  it.each([[[]], [['jobs:write']], [['jobs:read ']], [['JOBS:READ']], [['*']], [['jobs:admin']]])(
    'denies everything to the scopes %j',
    (scopes) => {
      expect(statementFor(...scopes)).toEqual({
        Effect: 'Deny',
        Action: 'execute-api:Invoke',
        Resource: `${STAGE}/*/*`,
      });
    },
  );

  it('is the same for whatever method was asked first, because it is cached', () => {
    const asked = `${STAGE}/POST/v1/jobs`;
    expect(toAuthorizerResult(ANALYST, asked)).toEqual(toAuthorizerResult(ANALYST, ARN));
  });

  it('has one statement', () => {
    const { policyDocument } = toAuthorizerResult(ANALYST, ARN);
    expect(policyDocument).toMatchObject({ Version: '2012-10-17', Statement: { length: 1 } });
  });
});

describe('the authorizer’s context', () => {
  it('gives the access log names that cannot end their quotes', () => {
    const hostile = 'a","status":"200","caller":"boss';
    const caller = { ...ANALYST, subject: hostile, issuer: `${hostile}\n`, client: '\\' };
    const { principalId, context } = toAuthorizerResult(caller, ARN);
    const { logIssuer, logClient } = { ...context };
    const line = `{"caller":"${principalId}","issuer":"${String(logIssuer)}","client":"${String(logClient)}"}`;
    expect(JSON.parse(line)).toEqual({
      caller: hostile,
      issuer: 'a","status":"200","caller":"boss\n',
      client: '\\',
    });
  });

  it('is flat text', () => {
    const { context } = toAuthorizerResult(ANALYST, ARN);
    expect(Object.values(context ?? {}).filter((value) => typeof value !== 'string')).toEqual([]);
    expect(context).toMatchObject({ subject: 'ana', grantedScopes: '["jobs:read","jobs:submit"]' });
  });

  it.each([
    'ana',
    'a"b',
    '"},{"admin":true',
    'back\\slash',
    'line\nbreak',
    '\u2028',
    '${x}',
    '$context.x',
  ])('describes the caller as JSON whatever the subject holds: %j', (subject) => {
    const { context } = toAuthorizerResult({ ...ANALYST, subject }, ARN);
    expect(JSON.parse(String(context?.['callerJson']))).toEqual({
      issuer: 'https://issuer.example',
      subject,
      client: 'notebook',
      scopes: ['jobs:read', 'jobs:submit'],
    });
  });
});
