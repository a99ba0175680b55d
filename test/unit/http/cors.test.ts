import { describe, expect, it } from 'vitest';
import { toCorsHeaders } from '../../../shared/http/cors.ts';
import { parseRequest } from '../../../shared/http/request.ts';
import { makeProxyEvent } from '../../support/proxy-events.ts';

const ORIGINS = ['https://app.example', 'https://other.example:8443'];

function toHeaders(origin: string | undefined, origins = ORIGINS): unknown {
  const headers = origin === undefined ? {} : { Origin: origin };
  return toCorsHeaders(parseRequest(makeProxyEvent({ headers })), origins);
}

describe('an answer to a page in a browser', () => {
  it.each(ORIGINS)('may be read by the listed origin %s, without credentials', (origin) => {
    expect(toHeaders(origin)).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers':
        'Content-Range, ETag, Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, ' +
        'Retry-After, WWW-Authenticate, X-Amzn-Remapped-WWW-Authenticate, X-Correlation-Id',
    });
  });

  it.each([
    'https://stranger.example',
    'http://app.example',
    'https://app.example:8443',
    'https://app.example.evil.example',
    'https://evil.example/https://app.example',
    'https://APP.example',
    'null',
    '*',
    '',
  ])('may not be read by the origin %j, and says that origins make a difference', (origin) => {
    expect(toHeaders(origin)).toEqual({ vary: 'Origin' });
  });

  it('says that origins make a difference to one who names none', () => {
    expect(toHeaders(undefined)).toEqual({ vary: 'Origin' });
  });

  it('may not be read when the request names two origins, of which the gateway chose one', () => {
    const event = {
      ...makeProxyEvent({ headers: { Origin: 'https://app.example' } }),
      multiValueHeaders: { Origin: ['https://stranger.example', 'https://app.example'] },
    };
    expect(toCorsHeaders(parseRequest(event), ORIGINS)).toEqual({ vary: 'Origin' });
  });

  it('says nothing of origins where none is listed', () => {
    expect(toHeaders('https://app.example', [])).toEqual({});
  });
});
