import { describe, expect, it } from 'vitest';
import { findEdge } from '../../../shared/http/edge.ts';
import { parseRequest } from '../../../shared/http/request.ts';
import { toProblemResult, toProxyResult } from '../../../shared/http/response.ts';
import { Problem } from '../../../shared/problem.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';
import { makeProxyEvent } from '../../support/proxy-events.ts';

const EDGE = findEdge({ ...CORE_ENVIRONMENT, JOBGATE_CORS_ORIGINS: 'https://app.example' });
const REQUEST = parseRequest(makeProxyEvent({ headers: { Origin: 'https://app.example' } }));

describe('the answer of a function', () => {
  it('adds Origin to what it varies by already', () => {
    const response = { status: 200, body: {}, headers: { vary: 'Authorization, Prefer' } } as const;
    expect(toProxyResult(response, REQUEST, EDGE).headers).toMatchObject({
      vary: 'Authorization, Prefer, Origin',
      'access-control-allow-origin': 'https://app.example',
    });
  });

  it('has no CORS header and no Vary when no origin is listed', () => {
    const edge = findEdge(CORE_ENVIRONMENT);
    const { headers } = toProxyResult({ status: 200, body: {} }, REQUEST, edge);
    expect(Object.keys(headers ?? {}).sort()).toEqual([
      'cache-control',
      'content-type',
      'strict-transport-security',
      'x-content-type-options',
      'x-correlation-id',
    ]);
  });

  it('is readable by a page of a listed origin when it is a refusal too', () => {
    const problem = new Problem('job_not_found', 'There is no such job.');
    expect(toProblemResult(problem, REQUEST, EDGE).headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      vary: 'Origin',
    });
  });

  it.each(['invalid_token', 'insufficient_scope'] as const)(
    'names where tokens come from when it refuses with %s',
    (code) => {
      const { headers } = toProblemResult(new Problem(code, 'No.'), REQUEST, EDGE);
      expect(headers?.['www-authenticate']).toBe(
        `Bearer realm="jobgate", error="${code}", resource_metadata="https://api.example/.well-known/oauth-protected-resource/v1"`,
      );
    },
  );

  it.each(['template_forbidden', 'access_suspended', 'job_not_found'] as const)(
    'asks for no other token when it refuses with %s',
    (code) => {
      const { headers } = toProblemResult(new Problem(code, 'No.'), REQUEST, EDGE);
      expect(headers?.['www-authenticate']).toBeUndefined();
    },
  );

  it('is given, without the address and without CORS, when the configuration is at fault', () => {
    const edge = findEdge({ ...CORE_ENVIRONMENT, JOBGATE_CORS_ORIGINS: '*' });
    expect(edge).toEqual({ publicUrl: null, corsOrigins: [] });
    const { headers } = toProblemResult(new Problem('invalid_token', 'No.'), REQUEST, edge);
    expect(headers?.['www-authenticate']).toBe('Bearer realm="jobgate", error="invalid_token"');
    expect(headers?.['access-control-allow-origin']).toBeUndefined();
  });
});
