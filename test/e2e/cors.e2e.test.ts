import { describe, expect, it } from 'vitest';
import { callApi, getStack } from '../support/api.ts';

const LISTED = ['https://app.example', 'https://other.example:8443'];
const STRANGERS = ['https://stranger.example', 'https://app.example.evil.example', 'null'];
const PATHS = ['/v1/templates', '/v1/jobs', '/v1/jobs/jg-1/files/a/b', '/v1/me', '/v1/health'];

async function ask(path: string, origin: string): Promise<Response> {
  const { api } = getStack();
  return fetch(api.replace(/\/v1$/, path), {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization, idempotency-key',
    },
  });
}

describe('a preflight request', () => {
  it.each(PATHS.flatMap((path) => LISTED.map((origin) => [path, origin] as const)))(
    'for %s is allowed to the listed origin %s, without a token and without credentials',
    async (path, origin) => {
      const { status, headers } = await ask(path, origin);
      expect(status).toBe(200);
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-headers')).toContain('Authorization');
      expect(headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
      expect(headers.get('access-control-allow-methods')).toMatch(/GET|POST/);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    },
  );

  it.each(STRANGERS)('of the origin %s is answered for another one', async (origin) => {
    const { headers } = await ask('/v1/templates', origin);
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
  });
});

describe('the answer of a function', () => {
  it.each(LISTED)('may be read by a page of %s', async (origin) => {
    const { status, headers } = await callApi('/templates', { as: 'analyst', headers: { origin } });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(headers.get('access-control-expose-headers')).toContain('X-Correlation-Id');
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('may be read by a page of a listed origin when it refuses', async () => {
    const headers = { origin: 'https://app.example' };
    const answer = await callApi('/templates/nope', { as: 'analyst', headers });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });

  it.each(STRANGERS)('may not be read by a page of %s', async (origin) => {
    const { status, headers } = await callApi('/templates', { as: 'analyst', headers: { origin } });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, null]);
    expect(headers.get('vary')).toContain('Origin');
  });
});

describe('an answer of the gateway', () => {
  it.each(['https://app.example', 'https://other.example:8443', 'https://stranger.example'])(
    'to a page of %s may be read by the first listed origin alone',
    async (origin) => {
      const { status, headers } = await callApi('/templates', { headers: { origin } });
      expect(status).toBe(401);
      expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
      expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
      expect(headers.get('vary')).toContain('Origin');
    },
  );
});
