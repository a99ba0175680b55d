import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idpCommand, type LocalServer, root, runServer, startServer } from '../aws/local-server.ts';
import { browse } from './browser.ts';

const audience = 'urn:jobgate';
const submitter = ['jobs:read', 'jobs:submit', 'jobs:cancel'];
const clients = {
  analyst: { id: 'analyst', secret: 'a-secret', scopes: submitter, groups: ['analysts'] },
  viewer: { id: 'viewer', secret: 'v-secret', scopes: ['jobs:read'], groups: ['analysts'] },
  admin: {
    id: 'admin',
    secret: 'm-secret',
    scopes: [...submitter, 'jobs:admin', 'data:read', 'audit:read'],
    groups: ['platform'],
  },
  outsider: {
    id: 'outsider',
    secret: 'o-secret',
    scopes: ['jobs:read', 'jobs:submit'],
    groups: [],
  },
};
const users = { alice: { groups: ['analysts', 'nights'] } };

const startIdp = (more: object = {}) =>
  startServer(idpCommand, () => ({ stdinIsLease: true, audience, clients, users, ...more }));

let server: LocalServer;
let issuer: string;
let keys: ReturnType<typeof createRemoteJWKSet>;
beforeAll(async () => {
  server = await startIdp({ testHooks: true });
  issuer = String(server.ready['issuer']);
  keys = createRemoteJWKSet(new URL(String(server.ready['jwksUri'])), { cooldownDuration: 0 });
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
});

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(
  url: string,
  form: Readonly<Record<string, string>>,
  basic?: string,
): Promise<TokenAnswer> {
  const headers = basic === undefined ? {} : { authorization: `Basic ${btoa(basic)}` };
  const init = { method: 'POST', headers, body: new URLSearchParams(form) };
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  return { status: response.status, body: { ...(body as object) } };
}

const askToken = (basic: string, form: Readonly<Record<string, string>> = {}) =>
  post(String(server.ready['tokenEndpoint']), { grant_type: 'client_credentials', ...form }, basic);

const verify = (token: unknown): Promise<JWTVerifyResult> =>
  jwtVerify(String(token), keys, { issuer, audience, typ: 'at+jwt', algorithms: ['RS256'] });

async function hook(path: string, body: object): Promise<Response> {
  return fetch(`${issuer}${path}`, { method: 'POST', body: JSON.stringify(body) });
}

async function signToken(body: object): Promise<string> {
  const answer: unknown = await (await hook('/_local/tokens', body)).json();
  return String({ access_token: undefined, ...(answer as object) }.access_token);
}

describe('a client', () => {
  it.each(Object.values(clients))('$id gets a token with its scopes and groups', async (client) => {
    const answer = await askToken(`${client.id}:${client.secret}`, {
      scope: client.scopes.join(' '),
    });
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 900 } });
    const { payload, protectedHeader } = await verify(answer.body['access_token']);
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: matching(/^[\w-]{43}$/) });
    const issued = payload.iat ?? 0;
    expect(payload).toEqual({
      iss: issuer,
      aud: audience,
      sub: client.id,
      client_id: client.id,
      scope: client.scopes.join(' '),
      groups: client.groups,
      jti: matching(/^[\w-]{20,}$/),
      iat: issued,
      exp: issued + 900,
    });
  });

  it('that names no scope gets all of its own', async () => {
    const { body } = await askToken('viewer:v-secret');
    expect(body).toMatchObject({ scope: 'jobs:read' });
  });

  it('may name the audience as resource, and no other', async () => {
    expect((await askToken('viewer:v-secret', { resource: audience })).status).toBe(200);
    const { status, body } = await askToken('viewer:v-secret', { resource: 'urn:other' });
    expect([status, body['error']]).toEqual([400, 'invalid_target']);
  });

  it('is refused a scope that it was not given', async () => {
    const { status, body } = await askToken('viewer:v-secret', { scope: 'jobs:read jobs:submit' });
    expect([status, body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('is refused with a wrong secret', async () => {
    const { status, body } = await askToken('viewer:wrong');
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
  });
});

describe('a person at the command line', () => {
  const cli = { client_id: 'jobgate-cli' };
  const scope = 'openid jobs:read jobs:submit';

  it('gets a token by the device flow', async () => {
    const device = (await post(`${issuer}/device/auth`, { ...cli, scope })).body;
    const form = {
      ...cli,
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: String(device['device_code']),
    };
    const early = await post(`${issuer}/token`, form);
    expect([early.status, early.body['error']]).toEqual([400, 'authorization_pending']);
    await browse(String(device['verification_uri_complete']), 'alice');
    const { payload } = await verify((await post(`${issuer}/token`, form)).body['access_token']);
    expect(payload).toMatchObject({
      sub: 'alice',
      client_id: 'jobgate-cli',
      scope: 'jobs:read jobs:submit',
      groups: ['analysts', 'nights'],
    });
  });

  it('gets a token by a code with PKCE on any loopback port', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const redirect = 'http://127.0.0.1:45678/callback';
    const query = new URLSearchParams({
      ...cli,
      scope,
      response_type: 'code',
      redirect_uri: redirect,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const end = await browse(`${issuer}/auth?${query.toString()}`, 'alice', redirect);
    const { body } = await post(`${issuer}/token`, {
      ...cli,
      grant_type: 'authorization_code',
      code: new URL(end).searchParams.get('code') ?? '',
      redirect_uri: redirect,
      code_verifier: verifier,
    });
    const { payload } = await verify(body['access_token']);
    expect(payload).toMatchObject({ sub: 'alice', groups: ['analysts', 'nights'] });
  });

  it('cannot ask for the scopes of administration', async () => {
    const { status, body } = await post(`${issuer}/device/auth`, { ...cli, scope: 'jobs:admin' });
    expect([status, body['error']]).toEqual([400, 'invalid_scope']);
  });
});

describe('the test hooks', () => {
  it('sign any claims with the key of the issuer', async () => {
    const claims = { iss: issuer, aud: audience, sub: 'x', exp: 1 };
    const expired = await signToken({ claims });
    await expect(verify(expired)).rejects.toBeInstanceOf(errors.JWTExpired);
    const foreign = await signToken({ claims: { ...claims, aud: 'urn:other', exp: 9e9 } });
    await expect(verify(foreign)).rejects.toMatchObject({ claim: 'aud' });
    const untyped = await signToken({ claims: { ...claims, exp: 9e9 }, header: { typ: 'JWT' } });
    await expect(verify(untyped)).rejects.toMatchObject({ claim: 'typ' });
    const curve = await signToken({ claims: { ...claims, exp: 9e9 }, header: { alg: 'ES256' } });
    await expect(jwtVerify(curve, keys, { algorithms: ['ES256'] })).resolves.toBeDefined();
  });

  it('say what is wrong with a request', async () => {
    const response = await hook('/_local/tokens', { claims: {}, header: { alg: 'none' } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'header.alg must be RS256 or ES256' });
  });

  it('change the signing key, and tokens of both keys are valid', async () => {
    const before = (await askToken('viewer:v-secret')).body['access_token'];
    const rotated: unknown = await (await hook('/_local/rotate', {})).json();
    const after = (await askToken('viewer:v-secret')).body['access_token'];
    expect(rotated).toEqual({ kid: decodeProtectedHeader(String(after)).kid });
    expect(decodeProtectedHeader(String(before)).kid).not.toBe(
      decodeProtectedHeader(String(after)).kid,
    );
    await expect(verify(before)).resolves.toBeDefined();
    await expect(verify(after)).resolves.toBeDefined();
  });

  it('break the key set and mend it', async () => {
    const jwks = String(server.ready['jwksUri']);
    await hook('/_local/outage', { mode: '500' });
    expect((await fetch(jwks)).status).toBe(500);
    await hook('/_local/outage', { mode: 'hang' });
    const given = fetch(jwks, { signal: AbortSignal.timeout(300) });
    await expect(given).rejects.toMatchObject({ name: 'TimeoutError' });
    await hook('/_local/outage', { mode: 'ok' });
    expect((await fetch(jwks)).status).toBe(200);
  });

  it('are absent unless the configuration says otherwise', async () => {
    const plain = await startIdp();
    const url = `${String(plain.ready['issuer'])}/_local/tokens`;
    const response = await fetch(url, { method: 'POST', body: '{"claims":{}}' });
    expect(response.status).toBe(404);
    expect(await plain.stop()).toBe(0);
  });
});

describe('the local identity provider', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s with status 0', async (signal) => {
    const idp = await startIdp();
    idp.child.kill(signal);
    expect(await idp.ended()).toBe(0);
    expect(await readdir(idp.folder)).toEqual(['config.json']);
    await idp.stop();
  });

  it('ends when the process that holds its standard input goes away', async () => {
    const idp = await startIdp();
    idp.child.stdin.end();
    expect(await idp.ended()).toBe(0);
    await idp.stop();
  });

  it.each([
    ['the file lacks the key "stdinIsLease"', { clients }],
    ['the file has the unknown key "port"', { stdinIsLease: true, audience, clients, port: 1 }],
    ['stdinIsLease must be true or false', { stdinIsLease: 'yes', audience, clients }],
    [
      'clients.a.secret must be a text that is not empty',
      { stdinIsLease: true, audience, clients: { a: { ...clients.viewer, secret: '' } } },
    ],
    [
      'two clients have the id "viewer"',
      { stdinIsLease: true, audience, clients: { a: clients.viewer, b: clients.viewer } },
    ],
    [
      'accessTokenSeconds must be a whole number of seconds from 1 to 86400',
      { stdinIsLease: true, audience, clients, accessTokenSeconds: 0 },
    ],
  ])('refuses a configuration with the sentence: %s', async (sentence, configuration) => {
    const folder = await mkdtemp(join(root, '.local', 'test-'));
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify(configuration));
    const end = await runServer([...idpCommand, '--config', file], folder);
    await rm(folder, { recursive: true });
    expect(end).toEqual({ status: 2, stderr: `local/idp: ${sentence}\n` });
  });
});
