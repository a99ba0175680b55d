import { describe, expect, it } from 'vitest';
import { toAuthorizerResult } from '../../../shared/http/authorizer-response.ts';
import type { APIGatewayAuthorizerResult } from 'aws-lambda';
import type { Caller } from '../../../shared/identity/caller.ts';
import { ANALYST } from '../../support/callers.ts';

function toResult(caller: Caller, methodArn = ARN): APIGatewayAuthorizerResult {
  return toAuthorizerResult(caller, { methodArn, usageKey: 'a1b2' });
}

const STAGE = 'arn:aws:execute-api:eu-west-1:123456789012:api-1/prod';
const ARN = `${STAGE}/GET/v1/templates`;
const READS = [
  `${STAGE}/GET/v1/templates`,
  `${STAGE}/GET/v1/templates/*`,
  `${STAGE}/GET/v1/jobs/*`,
  `${STAGE}/GET/v1/jobs/*/logs`,
  `${STAGE}/GET/v1/jobs/*/result`,
  `${STAGE}/GET/v1/jobs/*/files/*`,
  `${STAGE}/GET/v1/jobs/*/audit`,
];
const ME = `${STAGE}/GET/v1/me`;

function statementFor(...scopes: readonly string[]): unknown {
  return toResult({ ...ANALYST, scopes }).policyDocument.Statement[0];
}

function allow(...resources: readonly string[]): object {
  return { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: resources };
}

describe('the authorizer’s policy', () => {
  it('allows every method that the scopes cover and nothing else', () => {
    expect(statementFor('jobs:read')).toEqual(allow(...READS, ME));
    const submit = ['plans', 'jobs', 'uploads'].map((path) => `${STAGE}/POST/v1/${path}`);
    expect(statementFor('jobs:submit')).toEqual(allow(...submit, ME));
    expect(statementFor('jobs:submit', 'jobs:read')).toEqual(
      allow(...READS.slice(0, 2), ...submit, ...READS.slice(2), ME),
    );
  });

  it.each([[[]], [['jobs:write']], [['jobs:read ']], [['JOBS:READ']], [['*']], [['jobs:admin']]])(
    'allows only what needs no scope to the scopes %j',
    (scopes) => {
      expect(statementFor(...scopes)).toEqual(allow(ME));
    },
  );

  it('is the same for whatever method was asked first, because it is cached', () => {
    const asked = `${STAGE}/POST/v1/jobs`;
    expect(toResult(ANALYST, asked)).toEqual(toResult(ANALYST));
  });

  it('has one statement', () => {
    const { policyDocument } = toResult(ANALYST);
    expect(policyDocument).toMatchObject({ Version: '2012-10-17', Statement: { length: 1 } });
  });
});

describe('the authorizer’s context', () => {
  it('gives the access log names that cannot end their quotes', () => {
    const hostile = 'a","status":"200","caller":"boss';
    const names = { subject: hostile, client: '\\', actor: hostile, tokenId: '"' };
    const { principalId, context } = toResult({ ...ANALYST, ...names, issuer: `${hostile}\n` });
    const { logIssuer, logClient, logActor, logTokenId } = { ...context };
    const line = `{"caller":"${principalId}","issuer":"${String(logIssuer)}","client":"${String(logClient)}","actor":"${String(logActor)}","tokenId":"${String(logTokenId)}"}`;
    expect(JSON.parse(line)).toEqual({
      caller: hostile,
      issuer: 'a","status":"200","caller":"boss\n',
      client: '\\',
      actor: hostile,
      tokenId: '"',
    });
  });

  it('names no actor for a caller who acts alone', () => {
    expect(toResult(ANALYST).context).toMatchObject({ logActor: '', logTokenId: 'token-1' });
  });

  it('stays below 4 kB for a person in twenty groups', () => {
    const groups = Array.from({ length: 20 }, (_, index) => `00000000-0000-4000-8000-${index}`);
    const { context } = toResult({ ...ANALYST, groups });
    expect(JSON.stringify(context).length).toBeLessThan(4_096);
  });

  it('is flat text', () => {
    const { context } = toResult(ANALYST);
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
    const { context } = toResult({ ...ANALYST, subject });
    expect(JSON.parse(String(context?.['callerJson']))).toEqual({
      issuer: 'https://issuer.example',
      subject,
      client: 'notebook',
      scopes: ['jobs:read', 'jobs:submit'],
    });
  });
});

describe('the authorizer’s answer', () => {
  it('names the API key that requests are counted on', () => {
    expect(toResult(ANALYST).usageIdentifierKey).toBe('a1b2');
  });
});
