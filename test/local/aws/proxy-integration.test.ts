import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Probe, startProbe } from './probe.ts';

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe();
});
afterAll(async () => {
  expect(await probe.stop()).toBe(0);
});

const internalError = { type: 'DEFAULT_5XX', detail: 'Internal server error' };

describe('the event of a proxy integration', () => {
  it('has the header names as sent, every value of a repeated one, and the last alone', async () => {
    const headers = {
      'tEsT-HEADeR': 'aValUE',
      'X-Many': ['one', 'two'],
      authorization: 'Bearer x',
      TE: 'trailers',
    };
    const answer = await probe.callRaw('/open', headers);
    expect(answer).toMatchObject({
      event: {
        headers: { 'tEsT-HEADeR': 'aValUE', 'X-Many': 'two', Authorization: 'Bearer x' },
        multiValueHeaders: { 'tEsT-HEADeR': ['aValUE'], 'X-Many': ['one', 'two'] },
      },
    });
    expect(answer).not.toHaveProperty('event.headers.TE');
    expect(answer).not.toHaveProperty('event.headers.connection');
  });

  it('appends the peer to X-Forwarded-For and names the peer alone as sourceIp', async () => {
    expect(await probe.callRaw('/open', { 'X-Forwarded-For': '203.0.113.9' })).toMatchObject({
      event: {
        headers: { 'X-Forwarded-For': '203.0.113.9, 127.0.0.1' },
        requestContext: { identity: { sourceIp: '127.0.0.1', userArn: null } },
      },
    });
  });

  it('keeps the percent-encoding of the path and of path parameters', async () => {
    const answer: unknown = await (await probe.call('/files/a%2Fb/c%20d/e%25f/')).json();
    expect(answer).toMatchObject({
      event: {
        resource: '/files/{job}/{path+}',
        path: '/files/a%2Fb/c%20d/e%25f/',
        pathParameters: { job: 'a%2Fb', path: 'c%20d/e%25f' },
        requestContext: {
          path: '/test/files/a%2Fb/c%20d/e%25f/',
          resourcePath: '/files/{job}/{path+}',
          httpMethod: 'GET',
          stage: 'test',
        },
      },
    });
  });

  it('decodes query parameters and has null where there are none', async () => {
    const some: unknown = await (await probe.call('/open?a=1&a=x+y&b=%2B')).json();
    expect(some).toMatchObject({
      event: {
        queryStringParameters: { a: 'x y', b: '+' },
        multiValueQueryStringParameters: { a: ['1', 'x y'], b: ['+'] },
      },
    });
    const none: unknown = await (await probe.call('/open')).json();
    expect(none).toMatchObject({
      event: {
        queryStringParameters: null,
        multiValueQueryStringParameters: null,
        pathParameters: null,
        stageVariables: null,
        body: null,
        isBase64Encoded: false,
      },
    });
  });

  it('carries the request id that the answer and the access log carry', async () => {
    const response = await probe.call('/open');
    const id = response.headers.get('x-amzn-requestid') ?? 'none';
    expect(await response.json()).toMatchObject({ event: { requestContext: { requestId: id } } });
    expect(await probe.accessLogEntry(id)).toMatchObject({ requestId: id, status: '200' });
  });

  it('has a body of a binary media type as base64 and any other as text', async () => {
    const bytes = new Uint8Array([0, 255, 16]);
    const png = { method: 'POST', body: bytes, headers: { 'content-type': 'image/png' } };
    const binary: unknown = await (await probe.call('/open', png)).json();
    expect(binary).toMatchObject({ event: { body: 'AP8Q', isBase64Encoded: true } });
    const text: unknown = await (await probe.call('/open', { method: 'POST', body: 'ä' })).json();
    expect(text).toMatchObject({ event: { body: 'ä', isBase64Encoded: false } });
  });
});

describe('the answer of a proxy integration', () => {
  it.each(['unknownField', 'objectBody', 'numberHeader', 'text', 'large', 'throwing'])(
    'is 502 through the gateway responses when the function answers by %s',
    async (act) => {
      const response = await probe.call(`/open?act=${act}`);
      expect(response.status).toBe(502);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject(internalError);
    },
  );

  it('is passed through for a redirect and a partial content', async () => {
    const redirect = await probe.call('/open?act=redirect');
    expect(redirect.status).toBe(303);
    expect(redirect.headers.get('location')).toBe('https://example.org/a%20b?x=1&y=2');
    const range = await probe.call('/open?act=range', { headers: { range: 'bytes=0-3' } });
    expect(range.status).toBe(206);
    expect(range.headers.get('content-range')).toBe('bytes 0-3/10');
    expect(range.headers.get('content-type')).toBe('text/plain');
    expect(await range.text()).toBe('abcd');
  });

  it('merges headers and multiValueHeaders', async () => {
    const { headers } = await probe.call('/open?act=cookies');
    expect(headers.getSetCookie()).toEqual(['p=1', 'q=2']);
    expect(headers.get('x-one')).toBe('a, b');
    expect(headers.get('x-two')).toBe('c');
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('has WWW-Authenticate under another name', async () => {
    const { headers } = await probe.call('/open?act=challenge');
    expect(headers.get('www-authenticate')).toBeNull();
    expect(headers.get('x-amzn-remapped-www-authenticate')).toBe(
      'Bearer error="insufficient_scope"',
    );
  });

  it('is decoded from base64 only for a caller that accepts the binary media type first', async () => {
    const asPng = await probe.call('/open?act=binary', { headers: { accept: 'image/png, */*' } });
    expect(new Uint8Array(await asPng.arrayBuffer())).toEqual(new Uint8Array([0, 255, 16]));
    const asAny = await probe.call('/open?act=binary', { headers: { accept: '*/*, image/png' } });
    expect(await asAny.text()).toBe('AP8Q');
  });

  it('is 504 when the function takes longer than the integration allows', async () => {
    const response = await probe.call('/hurried?act=slow');
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      type: 'INTEGRATION_TIMEOUT',
      detail: 'Endpoint request timed out',
    });
  });

  it('is 500 when the integration names a function that does not exist', async () => {
    const response = await probe.call('/missing');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ type: 'API_CONFIGURATION_ERROR' });
  });
});
