import { describe, expect, it } from 'vitest';
import { callApi, getStack, getToken, SAMPLE_BODY, signToken } from '../support/api.ts';

async function takeClaims(): Promise<Record<string, unknown>> {
  const [, payload] = (await getToken('analyst')).split('.');
  return JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('a request without a good token', () => {
  const seconds = Math.floor(Date.now() / 1000);

  const tokens: readonly (readonly [string, () => Promise<string> | string | undefined])[] = [
    ['no token', () => undefined],
    ['a garbage token', () => 'garbage'],
    ['an unsigned token', () => 'eyJhbGciOiJub25lIiwia2lkIjoiYSJ9.e30.AAAAAAAAAAAAAAAAAAAAAA'],
    [
      'an expired token',
      async () => signToken({ ...(await takeClaims()), iat: seconds - 900, exp: seconds - 600 }),
    ],
    [
      'a token for another audience',
      async () => signToken({ ...(await takeClaims()), aud: 'urn:other' }),
    ],
    ['an identity token', async () => signToken({ ...(await takeClaims()), nonce: 'n' })],
  ];

  it.each(tokens)('gets 401 and WWW-Authenticate: %s', async (_name, make) => {
    const token = await make();
    const answer = await callApi('/templates', token === undefined ? {} : { token });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'invalid_token', status: 401, retryable: false });
    if (token !== undefined) expect(answer.text).not.toContain(token);
  });

  it('is served once its claims are good, so that the refusals above mean something', async () => {
    const token = await signToken({ ...(await takeClaims()), iat: seconds, exp: seconds + 300 });
    expect((await callApi('/templates', { token })).status).toBe(200);
  });
});

describe('a request without permission', () => {
  it('gets 403 from the gateway when a scope is missing, with the identity that was seen', async () => {
    const answer = await callApi('/jobs', { as: 'viewer', json: SAMPLE_BODY });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({
      code: 'insufficient_scope',
      caller: { subject: 'viewer', scopes: ['jobs:read'] },
      operation: 'POST /v1/jobs',
    });
  });

  it('gets 403 from the handler when no rule admits the caller, with what is missing', async () => {
    const answer = await callApi('/jobs', { as: 'outsider', json: SAMPLE_BODY });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({
      code: 'template_forbidden',
      caller: { issuer: getStack().issuer, subject: 'outsider', groups: [] },
    });
    expect(answer.body['missing']).toEqual(['group analysts']);
  });

  it('sees an empty list of templates, and templates it may run otherwise', async () => {
    expect((await callApi('/templates', { as: 'outsider' })).body).toEqual({ items: [] });
    const { body } = await callApi('/templates', { as: 'analyst' });
    expect(body['items']).toMatchObject([
      { name: 'flight-delays' },
      { name: 'preprocess' },
      { name: 'run-script' },
    ]);
  });
});

describe('a request that is wrong', () => {
  const post = { as: 'analyst', method: 'POST' } as const;
  const json = { 'content-type': 'application/json' };

  it('is told that a route does not exist; with a token the gateway speaks of a refusal', async () => {
    const anonymous = await callApi('/nope');
    expect([anonymous.status, anonymous.body['code']]).toEqual([404, 'route_not_found']);
    const known = await callApi('/nope', { as: 'analyst' });
    expect([known.status, known.body['code']]).toEqual([403, 'invalid_request']);
    expect(known.body['detail']).toContain('a route that does not exist');
  });

  it('is 404 for an unknown template and an unknown job', async () => {
    const template = await callApi('/templates/nope', { as: 'analyst' });
    expect([template.status, template.body['code']]).toEqual([404, 'template_not_found']);
    const posted = await callApi('/jobs', { as: 'analyst', json: { template: 'nope' } });
    expect([posted.status, posted.body['code']]).toEqual([404, 'template_not_found']);
    const job = await callApi('/jobs/jg-aaaaaaaaaaaaaaaaaaaaaaaaaa', { as: 'analyst' });
    expect([job.status, job.body['code']]).toEqual([404, 'job_not_found']);
  });

  it('is 400 for a body that is not JSON, or no object', async () => {
    const broken = await callApi('/jobs', { ...post, rawBody: '{"template":', headers: json });
    expect([broken.status, broken.body['code']]).toEqual([400, 'invalid_json']);
    const list = await callApi('/jobs', { ...post, rawBody: '[]', headers: json });
    expect([list.status, list.body['code']]).toEqual([400, 'invalid_json']);
  });

  it('is 415 for another content type', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, body } = await callApi('/jobs', {
      ...post,
      rawBody: 'template=preprocess',
      headers,
    });
    expect([status, body['code']]).toEqual([415, 'unsupported_media_type']);
  });

  it('is 413 for a body over 64 kB', async () => {
    const body = { ...SAMPLE_BODY, labels: { filler: 'x'.repeat(70_000) } };
    const answer = await callApi('/jobs', { as: 'analyst', json: body });
    expect([answer.status, answer.body['code']]).toEqual([413, 'payload_too_large']);
  });

  it('is 422 that names each field by JSON pointer', async () => {
    const answer = await callApi('/jobs', {
      as: 'analyst',
      json: {
        template: 'preprocess',
        parameters: { startDate: 1995, endDate: 'soon', colour: 'red' },
      },
    });
    expect([answer.status, answer.body['code']]).toEqual([422, 'validation_failed']);
    const pointers = (answer.body['errors'] as readonly { pointer: string }[]).map(
      (each) => each.pointer,
    );
    expect([...pointers].sort()).toEqual([
      '/parameters/colour',
      '/parameters/endDate',
      '/parameters/input',
      '/parameters/startDate',
    ]);
    const unknown = await callApi('/jobs', {
      as: 'analyst',
      json: { ...SAMPLE_BODY, colour: 'red' },
    });
    expect(unknown.body['errors']).toEqual([{ pointer: '/colour', message: 'is not known here' }]);
  });
});
