import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Probe, startProbe } from './probe.ts';

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe();
});
afterAll(async () => {
  expect(await probe.stop()).toBe(0);
});

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

function post(body: string, type: string | undefined): RequestInit {
  // A body of bytes has no content type unless one is given.
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  return { method: 'POST', body: new TextEncoder().encode(body), headers };
}

describe('an authorizer', () => {
  it.each(['/token', '/request'])(
    'is not called on %s without its identity source',
    async (path) => {
      const response = await probe.call(path);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ type: 'UNAUTHORIZED', detail: 'Unauthorized' });
      const id = response.headers.get('x-amzn-requestid') ?? 'none';
      expect(await probe.accessLogEntry(id)).toMatchObject({
        status: '401',
        authorizerStatus: '-',
      });
    },
  );

  it.each([
    ['unauthorized', 401, 'UNAUTHORIZED', 'Unauthorized', '401'],
    ['broken', 500, 'AUTHORIZER_FAILURE', null, '500'],
    ['empty', 500, 'API_CONFIGURATION_ERROR', 'Internal server error', '500'],
    ['nested', 500, 'API_CONFIGURATION_ERROR', 'Internal server error', '500'],
    [
      'deny',
      403,
      'ACCESS_DENIED',
      'User is not authorized to access this resource with an explicit deny in an identity-based policy',
      '403',
    ],
  ])('that answers by "%s" leads to %i %s', async (act, status, type, detail, authorizerStatus) => {
    const response = await probe.call('/token', bearer(act));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type, detail });
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    expect(await probe.accessLogEntry(id)).toMatchObject({
      status: String(status),
      errorType: type,
      errorMessage: detail ?? '-',
      authorizerStatus,
      authorizerError: detail ?? '-',
      principalId: act === 'deny' ? 'alice' : '-',
    });
  });

  it('hands its context to the function as text and to the access log', async () => {
    const response = await probe.call('/token', bearer('allow'));
    expect(await response.json()).toMatchObject({
      event: { requestContext: { authorizer: { principalId: 'alice', flag: 'true', who: 'a"b' } } },
    });
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    expect(await probe.accessLogEntry(id)).toMatchObject({
      authorizerStatus: '200',
      principalId: 'alice',
      who: 'a"b',
    });
  });

  it('is called once for one identity while its result is kept', async () => {
    const numbers = [];
    for (const token of ['kept-1', 'kept-1', 'kept-2']) {
      const answer: unknown = await (await probe.call('/request', bearer(token))).json();
      numbers.push(/"calls":"(\d+)"/.exec(JSON.stringify(answer))?.[1]);
    }
    expect(numbers[1]).toBe(numbers[0]);
    expect(numbers[2]).not.toBe(numbers[0]);
  });

  it('names the API key of a caller by usageIdentifierKey, whose plan then limits the caller', async () => {
    const own = {
      headers: { ...bearer('allow').headers, 'x-api-key': 'probe-key-value-0123456789' },
    };
    const refused = await probe.call('/keyed', own);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ type: 'INVALID_API_KEY', detail: 'Forbidden' });
    const statuses = [];
    for (let turn = 0; turn < 3; turn += 1)
      statuses.push((await probe.call('/keyed', bearer('keyed'))).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe('a request validator', () => {
  it.each([
    ['{}', 'application/json', '[object has missing required properties (["name"])]'],
    [
      '[]',
      'application/json; charset=utf-8',
      '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]',
    ],
    ['{', undefined, '[failed to parse the body as JSON]'],
  ])('refuses the body %s of type %s', async (body, type, validation) => {
    const response = await probe.call('/checked?mode=1', post(body, type));
    expect(response.status).toBe(400);
    expect(response.headers.get('x-amzn-errortype')).toBe('BadRequestException');
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    expect(await probe.accessLogEntry(id)).toMatchObject({
      errorType: 'BAD_REQUEST_BODY',
      errorMessage: 'Invalid request body',
      validation,
    });
  });

  it('lets a body pass whose content type has no model', async () => {
    const response = await probe.call('/checked?mode=1', post('not json', 'text/plain'));
    expect(response.status).toBe(200);
  });

  it('names the parameters that are missing', async () => {
    const response = await probe.call('/checked', post('{"name":"x"}', 'application/json'));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: 'BAD_REQUEST_PARAMETERS',
      detail: 'Missing required request parameters: [mode]',
    });
  });
});

describe('a route that does not exist', () => {
  it('is answered by MISSING_AUTHENTICATION_TOKEN to a caller without Authorization', async () => {
    const response = await probe.call('/nothing');
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      type: 'MISSING_AUTHENTICATION_TOKEN',
      detail: 'Missing Authentication Token',
      validation: '',
      id,
    });
    expect(await probe.accessLogEntry(id)).toMatchObject({
      status: '404',
      resourcePath: '-',
      path: '/test/nothing',
      errorType: 'MISSING_AUTHENTICATION_TOKEN',
    });
  });

  it('is answered by DEFAULT_4XX with 403 to the bearer of a token, which is not repeated', async () => {
    const response = await probe.call('/nothing', bearer('my-secret-token'));
    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('IncompleteSignatureException');
    const text = await response.text();
    expect(text).toContain('"type":"DEFAULT_4XX"');
    expect(text).not.toContain('my-secret-token');
  });
});

describe('the access log', () => {
  it('has one JSON line for a request, "-" for what is unknown, and escaped values', async () => {
    const agent = 'quo"te\\';
    const response = await probe.call('/open?x=1', { headers: { 'user-agent': agent } });
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    const body = await response.text();
    expect(await probe.accessLogEntry(id)).toEqual({
      requestId: id,
      extendedRequestId: response.headers.get('x-amz-apigw-id'),
      sourceIp: '127.0.0.1',
      userAgent: agent,
      requestTime: matching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      method: 'GET',
      resourcePath: '/open',
      path: '/test/open',
      status: '200',
      protocol: 'HTTP/1.1',
      responseLength: String(body.length),
      integrationStatus: '200',
      integrationError: '-',
      errorType: '-',
      errorMessage: '-',
      validation: '-',
      authorizerStatus: '-',
      authorizerError: '-',
      principalId: '-',
      who: '-',
      stage: 'test',
      apiId: matching(/^\w{8}$/),
      unknown: '-',
    });
  });

  it('has the message of a function that threw', async () => {
    const response = await probe.call('/open?act=throwing');
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    expect(await probe.accessLogEntry(id)).toMatchObject({
      status: '502',
      integrationStatus: '200',
      integrationError: 'boom',
      errorType: 'DEFAULT_5XX',
    });
  });
});

describe('a body', () => {
  it('of more than 10 MB is answered by REQUEST_TOO_LARGE', async () => {
    const body = new Uint8Array(10 * 1024 * 1024 + 1);
    const response = await probe.call('/open', { method: 'POST', body });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      type: 'REQUEST_TOO_LARGE',
      detail: 'HTTP content length exceeded 10485760 bytes.',
    });
  });
});
