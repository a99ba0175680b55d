import { describe, expect, it } from 'vitest';
import { callApi, getStack, getToken, signToken } from '../support/api.ts';

const seconds = Math.floor(Date.now() / 1000);

/** The claims of the analyst's token with changes; undefined leaves one out. */
async function signChanged(changes: object): Promise<string> {
  const [, payload = ''] = (await getToken('analyst')).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return signToken({ ...claims, iat: seconds, exp: seconds + 300, ...changes });
}

describe('GET /v1/me', () => {
  it('shows a client who it is, what it holds and what it may run', async () => {
    const { status, headers, body } = await callApi('/me', { as: 'analyst' });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { issuer, api } = getStack();
    expect(body).toMatchObject({
      issuer,
      subject: 'analyst',
      client: 'analyst',
      actor: null,
      scopes: ['jobs:read', 'jobs:submit', 'jobs:cancel'],
      groups: ['analysts'],
      roles: [],
      plan: 'standard',
      templates: [
        { name: 'flight-delays', links: { self: `${api}/templates/flight-delays` } },
        { name: 'preprocess', rule: 'preprocess.allow[0]' },
        { name: 'run-script', rule: 'run-script.allow[0]' },
      ],
      links: { self: `${api}/me`, templates: `${api}/templates` },
    });
    expect(Date.parse(String(body['expiresAt']))).toBeGreaterThan(Date.now());
  });

  it('answers a token without any scope, which may run nothing', async () => {
    const token = await signChanged({ scope: undefined });
    const { status, body } = await callApi('/me', { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: 'analyst', scopes: [], templates: [] });
    const other = await callApi('/templates', { token });
    expect([other.status, other.body['code']]).toEqual([403, 'insufficient_scope']);
  });

  it('shows who acts for whom, and that no rule lets the actor run anything', async () => {
    const token = await signChanged({ act: { sub: 'agent-7' } });
    const { body } = await callApi('/me', { token });
    expect(body).toMatchObject({
      subject: 'analyst',
      actor: 'agent-7',
      plan: 'limited',
      templates: [],
    });
    const json = { template: 'preprocess', parameters: { input: 'gs://jobgate-data/a.csv' } };
    const denied = await callApi('/jobs', { token, json });
    expect(denied.status).toBe(403);
    expect(denied.body).toMatchObject({
      code: 'template_forbidden',
      caller: {
        subject: 'analyst',
        actor: 'agent-7',
        groups: ['analysts'],
        closestRule: 'preprocess.allow[0]',
      },
      missing: ['a rule that names the actor agent-7'],
      links: { requestAccess: 'https://access.example.com/groups/analysts' },
    });
  });

  it('is refused without a token', async () => {
    expect((await callApi('/me')).status).toBe(401);
  });
});

describe('the protected resource’s metadata', () => {
  it('are open, and lead a client from the host’s name to the issuer', async () => {
    const { api, issuer } = getStack();
    const url = api.replace(/\/v1$/, '/.well-known/oauth-protected-resource/v1');
    const response = await fetch(url);
    expect([response.status, response.headers.get('cache-control')]).toEqual([
      200,
      'public, max-age=3600',
    ]);
    expect(await response.json()).toMatchObject({
      resource: api,
      authorization_servers: expect.arrayContaining([issuer]) as unknown,
      bearer_methods_supported: ['header'],
    });
  });
});

describe('the correlation id', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

  it.each([
    [{ 'x-correlation-id': 'Nightly-2026-01' }, 'nightly-2026-01'],
    [{ traceparent: `00-${trace}-00f067aa0ba902b7-01` }, trace],
  ])('comes back on an answer and on a problem: %j', async (headers, expected) => {
    for (const path of ['/me', '/jobs/jg-aaaaaaaaaaaaaaaaaaaaaaaaaa', '/health']) {
      const answer = await callApi(path, { as: 'analyst', headers });
      expect(answer.headers.get('x-correlation-id')).toBe(expected);
    }
  });
});
