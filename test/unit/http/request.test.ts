import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../../shared/http/request.ts';
import { ANALYST } from '../../support/callers.ts';
import { makeProxyEvent } from '../../support/proxy-events.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a request', () => {
  it('is read from a proxy event', () => {
    const sent = makeProxyEvent({
      caller: ANALYST,
      path: '/v1/jobs/jg-1/files/a b',
      headers: { 'X-Correlation-Id': 'My-Correlation-1', 'Content-Type': 'application/json' },
      query: { cursor: '7' },
      pathParameters: { job: 'jg-1', path: 'a b' },
      body: '{}',
    });
    const context = sent['requestContext'] as object;
    const event = {
      ...sent,
      resource: '/v1/jobs/{job}/files/{path+}',
      requestContext: { ...context, identity: { sourceIp: '192.0.2.10' } },
    };
    expect(parseRequest(event)).toEqual({
      correlationId: 'my-correlation-1',
      requestId: 'request-1',
      extendedRequestId: null,
      path: '/v1/jobs/jg-1/files/a b',
      sourceIp: '192.0.2.10',
      httpMethod: 'POST',
      resourcePath: '/v1/jobs/{job}/files/{path+}',
      caller: ANALYST,
      headers: new Map([
        ['x-correlation-id', 'My-Correlation-1'],
        ['content-type', 'application/json'],
      ]),
      repeatedHeaders: new Set(),
      query: new Map([['cursor', '7']]),
      pathParameters: new Map([
        ['job', 'jg-1'],
        ['path', 'a b'],
      ]),
      rawBody: '{}',
    });
  });

  it('names the headers that were sent more than once', () => {
    const multiValueHeaders = { Authorization: ['Bearer a', 'Bearer b'], Accept: ['*/*'] };
    const event = { ...makeProxyEvent({}), multiValueHeaders };
    expect(parseRequest(event).repeatedHeaders).toEqual(new Set(['authorization']));
  });

  it.each([
    ['X-Correlation-Id', 'nightly-1'],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ])('takes no correlation id from a %s that was sent twice', (name, value) => {
    const event = makeProxyEvent({ headers: { [name]: value } });
    expect(parseRequest(event).correlationId).not.toMatch(UUID);
    const multiValueHeaders = { [name]: [value, value] };
    expect(parseRequest({ ...event, multiValueHeaders }).correlationId).toMatch(UUID);
  });

  it('decodes a body that the gateway encoded', () => {
    const body = Buffer.from('{"a":"ü"}').toString('base64');
    const event = { ...makeProxyEvent({ body }), isBase64Encoded: true };
    expect(parseRequest(event).rawBody).toBe('{"a":"ü"}');
  });

  it.each([[undefined], [null], [7], ['text'], [[]], [{}], [{ headers: 7, requestContext: [] }]])(
    'is an empty one for the event %j',
    (event) => {
      const request = parseRequest(event);
      expect(request.correlationId).toMatch(UUID);
      expect({ ...request, correlationId: '' }).toEqual({
        correlationId: '',
        requestId: 'unknown',
        extendedRequestId: null,
        path: '',
        sourceIp: null,
        httpMethod: null,
        resourcePath: null,
        caller: undefined,
        headers: new Map(),
        repeatedHeaders: new Set(),
        query: new Map(),
        pathParameters: new Map(),
        rawBody: undefined,
      });
    },
  );

  it('decodes path parameters once, and leaves out what is no percent-encoding', () => {
    const pathParameters = { path: 'a%2Fb%20c%252F', job: '%E0%A4%A', template: '50%' };
    const request = parseRequest(makeProxyEvent({ pathParameters }));
    expect([...request.pathParameters]).toEqual([['path', 'a/b c%2F']]);
  });

  it('leaves out headers and parameters that are no text', () => {
    const event = { headers: { a: null, b: ['x'], c: 'y' }, queryStringParameters: { d: 1 } };
    const { headers, query } = parseRequest(event);
    expect([...headers, ...query]).toEqual([['c', 'y']]);
  });
});
