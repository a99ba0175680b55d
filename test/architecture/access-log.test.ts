import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AUDIT_KEYS } from '../../shared/policy/audit-record.ts';
import { ROOT } from './source-files.ts';

const serverless = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { merge: true }) as {
  readonly provider: { readonly logs: { readonly restApi: { readonly format: string } } };
};
const format = JSON.parse(serverless.provider.logs.restApi.format) as Readonly<
  Record<string, string>
>;

/** What only the gateway knows of an answer. */
const ACCESS_ONLY = [
  'requestTime',
  'status',
  'responseType',
  'authorizerStatus',
  'responseLength',
  'responseLatencyMs',
  'integrationLatencyMs',
];

describe('a line of the access log', () => {
  it('calls everything as the audit’s records do', () => {
    const others = Object.keys(format).filter((key) => !AUDIT_KEYS.includes(key));
    expect(others.sort()).toEqual([...ACCESS_ONLY].sort());
  });

  it('tells who asked, even when the gateway answers itself', () => {
    expect(format).toMatchObject({
      requestId: '$context.requestId',
      sourceIp: '$context.identity.sourceIp',
      httpMethod: '$context.httpMethod',
      resourcePath: '$context.resourcePath',
      caller: '$context.authorizer.principalId',
      issuer: '$context.authorizer.logIssuer',
      client: '$context.authorizer.logClient',
      actor: '$context.authorizer.logActor',
      tokenId: '$context.authorizer.logTokenId',
    });
  });

  it('holds nothing but variables and its two names', () => {
    const { service, message, ...variables } = format;
    expect([service, message]).toEqual(['jobgate', 'access']);
    const others = Object.values(variables).filter(
      (value) => !/^\$context\.[A-Za-z.]+$/.test(value),
    );
    expect(others).toEqual([]);
  });
});
