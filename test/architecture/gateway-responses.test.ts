import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toAuthorizerResult } from '../../shared/http/authorizer-response.ts';
import { PROBLEMS, type ProblemCode } from '../../shared/problem.ts';
import { ANALYST } from '../support/callers.ts';
import { ROOT } from './source-files.ts';
import { parseAccessHelp, renderGatewayResponses } from '../../resources/gateway-responses.js';

/** What each kind of refusal is for a caller; the status is null where the gateway keeps its own. */
const EXPECTED: readonly (readonly [string, ProblemCode, number | null])[] = [
  ['UNAUTHORIZED', 'invalid_token', 401],
  ['ACCESS_DENIED', 'insufficient_scope', 403],
  ['MISSING_AUTHENTICATION_TOKEN', 'route_not_found', 404],
  ['INVALID_SIGNATURE', 'route_not_found', 404],
  ['RESOURCE_NOT_FOUND', 'route_not_found', 404],
  ['BAD_REQUEST_BODY', 'invalid_json', 400],
  ['REQUEST_TOO_LARGE', 'payload_too_large', 413],
  ['UNSUPPORTED_MEDIA_TYPE', 'unsupported_media_type', 415],
  ['THROTTLED', 'throttled', 429],
  ['QUOTA_EXCEEDED', 'throttled', 429],
  ['INVALID_API_KEY', 'upstream_unavailable', 503],
  ['AUTHORIZER_FAILURE', 'upstream_unavailable', 503],
  ['AUTHORIZER_CONFIGURATION_ERROR', 'upstream_unavailable', 503],
  ['INTEGRATION_FAILURE', 'upstream_error', 502],
  ['INTEGRATION_TIMEOUT', 'upstream_timeout', 504],
  ['DEFAULT_4XX', 'invalid_request', null],
  ['DEFAULT_5XX', 'upstream_error', 502],
];

/** The only kind that stands for many statuses, which the gateway sends as they are. */
const WITHOUT_STATUS = ['DEFAULT_4XX'];

const METADATA = 'https://${ApiGatewayRestApi}.example/.well-known/oauth-protected-resource/v1';
const CHALLENGES: ReadonlyMap<string, unknown> = new Map(
  [
    ['UNAUTHORIZED', 'invalid_token'] as const,
    ['ACCESS_DENIED', 'insufficient_scope'] as const,
  ].map(([type, error]) => [
    type,
    {
      'Fn::Sub': `'Bearer realm="jobgate", error="${error}", resource_metadata="${METADATA}"'`,
    },
  ]),
);

const readYaml = (path: string): unknown =>
  parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });
const DEPLOYMENT = {
  publicUrl: 'https://${ApiGatewayRestApi}.example',
  accessHelp: 'Ask the data platform team.',
  origins: [],
};
const file = renderGatewayResponses(DEPLOYMENT);
const responses = Object.values(file.Resources).map((resource) => resource.Properties);
type Response = (typeof responses)[number];

/** A caller whose names would end the text around them if nothing escaped them. */
const NASTY = { ...ANALYST, subject: 'a"}\n\\', client: '","code":"' };
const CONTEXT: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['requestId', '4f1f7a54-3d0a-4e0e-9a55-0d5b8d6f2c11'],
  ['httpMethod', 'POST'],
  ['resourcePath', '/v1/jobs/{job}/files/{path+}'],
  [
    'authorizer.callerJson',
    toAuthorizerResult(NASTY, {
      methodArn: 'arn:aws:execute-api:eu-west-1:1:a/prod/POST/v1/jobs',
      usageKey: 'key',
    }).context?.['callerJson'],
  ],
]);

function get(type: string): Response {
  const found = responses.filter((response) => response.ResponseType === type);
  expect(found).toHaveLength(1);
  const [response] = found;
  if (response === undefined) throw new Error(`no gateway response is called ${type}`);
  return response;
}

/** Renders a body as the gateway does: variables are pasted in, nothing is escaped. */
function render(type: string, response: Response = get(type)): Readonly<Record<string, unknown>> {
  const { ResponseTemplates: templates } = response;
  expect(Object.keys(templates)).toEqual(['application/json']);
  const text = (templates['application/json'] ?? '').replaceAll(
    /\$context\.(\w+(?:\.\w+)*)/g,
    (_, name: string) => {
      if (!CONTEXT.has(name)) throw new Error(`the template of ${type} uses $context.${name}`);
      return String(CONTEXT.get(name));
    },
  );
  expect(text).not.toContain('$');
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function readHeader(type: string, name: string): unknown {
  return get(type).ResponseParameters[`gatewayresponse.header.${name}`];
}

describe('the answers that the gateway makes itself', () => {
  it('are the expected kinds and no other', () => {
    const types = responses.map((response) => response.ResponseType);
    expect([...types].sort()).toEqual(EXPECTED.map(([type]) => type).sort());
    const kinds = new Set(Object.values(file.Resources).map((resource) => resource.Type));
    expect([...kinds]).toEqual(['AWS::ApiGateway::GatewayResponse']);
  });

  it.each(EXPECTED)('for %s are a problem of the table', (type, code, status) => {
    const body = render(type);
    const { title, retryable } = PROBLEMS[code];
    expect(body).toMatchObject({
      type: `urn:jobgate:problem:${code}`,
      title,
      code,
      retryable,
      correlationId: '4f1f7a54-3d0a-4e0e-9a55-0d5b8d6f2c11',
    });
    expect(String(body['detail'])).toMatch(/^[A-Z].+\.$/);
    expect(body['status'] ?? null).toBe(status);
  });

  it.each(EXPECTED)('for %s carry the status of the row %s', (type, code, status) => {
    if (WITHOUT_STATUS.includes(type)) {
      expect([get(type).StatusCode, status]).toEqual([undefined, null]);
    } else {
      expect(get(type).StatusCode).toBe(String(PROBLEMS[code].status));
      expect(status).toBe(PROBLEMS[code].status);
    }
  });

  it.each(EXPECTED)('for %s have the headers of a problem', (type) => {
    expect(readHeader(type, 'Content-Type')).toBe(`'application/problem+json'`);
    expect(readHeader(type, 'Cache-Control')).toBe(`'no-store'`);
    expect(readHeader(type, 'X-Correlation-Id')).toBe('context.requestId');
    expect(readHeader(type, 'WWW-Authenticate')).toEqual(CHALLENGES.get(type));
    expect(readHeader(type, 'Access-Control-Allow-Origin')).toBeUndefined();
  });

  it.each(EXPECTED)('for %s say when to retry, in body and header, if a retry helps', (type) => {
    const { retryable, retryAfter } = render(type);
    expect(typeof retryAfter).toBe(retryable === true ? 'number' : 'undefined');
    expect(readHeader(type, 'Retry-After')).toBe(
      typeof retryAfter === 'number' ? `'${retryAfter}'` : undefined,
    );
  });

  it('tell a caller without the scope who it is, whatever its names are', () => {
    expect(render('ACCESS_DENIED')).toMatchObject({
      caller: {
        issuer: 'https://issuer.example',
        subject: 'a"}\n\\',
        client: '","code":"',
        scopes: ['jobs:read', 'jobs:submit'],
      },
      operation: 'POST /v1/jobs/{job}/files/{path+}',
    });
  });

  it('tell a caller without the scope where to ask, in words or by a link', () => {
    const { detail, links } = render('ACCESS_DENIED');
    expect(detail).toMatch(/ Ask the data platform team\.$/);
    expect(links).toBeUndefined();
    const accessHelp = 'https://help.example/jobgate?topic=scopes&from=api';
    const { GatewayAccessDenied: linked } = renderGatewayResponses({
      ...DEPLOYMENT,
      accessHelp,
    }).Resources;
    if (linked === undefined) throw new Error('the gateway answers no denial');
    expect(render('ACCESS_DENIED', linked.Properties)).toMatchObject({
      links: { requestAccess: accessHelp },
    });
  });

  it.each([
    'say "please"',
    'a\\b',
    'two\nlines',
    '$context.authorizer.callerJson',
    'http://help.example',
    'https://help.example/a b',
    ' padded',
    '',
    'x'.repeat(301),
    7,
  ])('never hold the words %j about where to ask', (words) => {
    expect(() => parseAccessHelp(words)).toThrow(/accessHelp/);
  });

  it('may be read by pages of the first listed origin, which is fixed and never reflected', () => {
    const origins = ['https://app.example', 'https://other.example'];
    const { Resources } = renderGatewayResponses({ ...DEPLOYMENT, origins });
    for (const { Properties } of Object.values(Resources)) {
      expect(Properties.ResponseParameters).toMatchObject({
        'gatewayresponse.header.Access-Control-Allow-Origin': `'https://app.example'`,
        'gatewayresponse.header.Access-Control-Expose-Headers': `'Retry-After, WWW-Authenticate, X-Correlation-Id'`,
        'gatewayresponse.header.Vary': `'Origin'`,
      });
    }
    expect(JSON.stringify(Resources)).not.toMatch(/method\.request|Allow-Credentials|'\*'/);
  });

  it('exist before the stage that serves them', () => {
    const [dependent, ...others] = Object.entries(file.extensions);
    expect(others).toEqual([]);
    expect(dependent?.[0]).toBe('ApiGatewayMethodV1HealthGet');
    expect([...(dependent?.[1].DependsOn ?? [])].sort()).toEqual(
      Object.keys(file.Resources).sort(),
    );
  });
});

describe('the gateway’s own log', () => {
  it('never holds headers and bodies', () => {
    const { provider } = readYaml('serverless.yml') as {
      readonly provider: { readonly logs: { readonly restApi: Readonly<Record<string, unknown>> } };
    };
    expect(provider.logs.restApi).toMatchObject({
      accessLogging: true,
      executionLogging: false,
      fullExecutionData: false,
    });
  });
});
