import { join } from 'node:path';
import aws4 from 'aws4';
import { AwsClient, type AwsSecurityCredentials } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import { callQuery } from '../../aws/signed-call.ts';
import { accounts, makeBatch, parent, type Reply, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder, startServer } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';
const audience =
  '//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/p/providers/aws';
const run = 'workload-identity-test';
let aws: LocalServer;
let server: LocalServer;
let google: string;
const roles: Record<string, AwsSecurityCredentials> = {};

beforeAll(async () => {
  aws = await startServer({ runtime: 'python', script: 'local/aws/main.py', run }, folder, {
    stdinIsLease: true,
    dataDirectory: join(folder, 'aws'),
  });
  const awsSts = String(aws.ready['aws']);
  for (const role of ['submit-role', 'sign-role', 'stranger-role'])
    roles[role] = await assumeNewRole(awsSts, role);
  server = await startGoogle(folder, { run, awsSts });
  google = `${String(server.ready['google'])}/v1`;
});

afterAll(removeFolder);
afterAll(async () => {
  await aws.stop();
});
afterAll(async () => {
  await server.stop();
});

async function assumeNewRole(endpoint: string, role: string): Promise<AwsSecurityCredentials> {
  const policy =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}';
  const create = { Action: 'CreateRole', Version: '2010-05-08', RoleName: role };
  await callQuery(endpoint, 'iam', { ...create, AssumeRolePolicyDocument: policy });
  const reply = await callQuery(endpoint, 'sts', {
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: `arn:aws:iam::000000000000:role/${role}`,
    RoleSessionName: 'session',
  });
  const read = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(reply.body)?.[1] ?? '';
  return {
    accessKeyId: read('AccessKeyId'),
    secretAccessKey: read('SecretAccessKey'),
    token: read('SessionToken'),
  };
}

function credentialsOf(role: string): AwsSecurityCredentials {
  const credentials = roles[role];
  if (credentials === undefined) throw new Error(`there is no role ${role}`);
  return credentials;
}

/** Google's own client, as a Lambda of the role would have it. */
function makeClient(credentials: AwsSecurityCredentials, email: string): AwsClient {
  return new AwsClient({
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    token_url: `${google}/token`,
    service_account_impersonation_url: `${google}/projects/-/serviceAccounts/${email}:generateAccessToken`,
    service_account_impersonation: { token_lifetime_seconds: 1200 },
    scopes: [cloudPlatform],
    aws_security_credentials_supplier: {
      getAwsRegion: () => Promise.resolve('us-east-1'),
      getAwsSecurityCredentials: () => Promise.resolve(credentials),
    },
  });
}

/** The same exchange by hand. */
function exchange(credentials: AwsSecurityCredentials, changes: object = {}): Promise<Reply> {
  const host = 'sts.us-east-1.amazonaws.com';
  const path = '/?Action=GetCallerIdentity&Version=2011-06-15';
  const { accessKeyId, secretAccessKey, token: sessionToken } = credentials;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  const headers = { 'x-goog-cloud-target-resource': audience };
  const request = { host, path, method: 'POST', service: 'sts', region: 'us-east-1', headers };
  const signed = aws4.sign(request, keys).headers ?? {};
  const kept = /^(?:authorization|host|x-)/i;
  const list = Object.entries(signed)
    .filter(([key]) => kept.test(key))
    .map(([key, value]) => ({ key, value: String(value) }));
  const subjectToken = { url: `https://${host}${path}`, method: 'POST', headers: list };
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience,
    scope: cloudPlatform,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    subject_token: encodeURIComponent(JSON.stringify(subjectToken)),
    ...changes,
  });
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return send(`${google}/token`, { method: 'POST', headers: type, body: form.toString() });
}

async function federate(role: string): Promise<string> {
  const reply = await exchange(credentialsOf(role));
  return String(parseObject(reply.body, 'the token')['access_token']);
}

function impersonate(token: string, email: string, body: object): Promise<Reply> {
  const url = `${google}/projects/-/serviceAccounts/${email}:generateAccessToken`;
  return send(url, { method: 'POST', token, body });
}

describe('an AWS role', () => {
  it("creates a batch as its account with Google's own client", async () => {
    const client = makeClient(credentialsOf('submit-role'), accounts.submitter);
    const { token } = await client.getAccessToken();
    expect(token).toMatch(/^ya29\.local-/);
    const reply = await client.request({
      url: `${google}/${parent}/batches?batchId=federated-1`,
      method: 'POST',
      data: makeBatch('noop.py'),
    });
    expect(reply.data).toMatchObject({ metadata: { batch: `${parent}/batches/federated-1` } });
    const batch = await client.request({ url: `${google}/${parent}/batches/federated-1` });
    expect(batch.data).toMatchObject({ creator: accounts.submitter });
  });

  it('gets a federated token for an hour, which may do nothing itself', async () => {
    const reply = await exchange(credentialsOf('submit-role'));
    expect(reply.body).toEqual({
      access_token: expect.stringMatching(/^ya29\.local-/) as unknown,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    const token = await federate('submit-role');
    expect((await send(`${google}/${parent}/batches`, { token })).status).toBe(403);
  });

  it('may not become an account of another role', async () => {
    const client = makeClient(credentialsOf('sign-role'), accounts.submitter);
    await expect(client.getAccessToken()).rejects.toThrow(
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    );
  });

  it('may not become an account that does not exist', async () => {
    const token = await federate('submit-role');
    const reply = await impersonate(token, 'nobody@local.iam.gserviceaccount.com', {
      scope: [cloudPlatform],
    });
    expect(reply.status).toBe(403);
  });

  it('signs for its account without becoming it', async () => {
    const url = `${google}/projects/-/serviceAccounts/${accounts.signer}:signBlob`;
    const body = { payload: 'dGV4dA==' };
    const token = await federate('sign-role');
    const reply = await send(url, { method: 'POST', token, body });
    expect(reply.body).toMatchObject({ keyId: expect.stringMatching(/^[0-9a-f]{40}$/) as unknown });
    const other = await federate('submit-role');
    expect((await send(url, { method: 'POST', token: other, body })).status).toBe(403);
  });

  it.each([
    ['no scope', {}],
    ['another scope', { scope: ['https://www.googleapis.com/auth/devstorage.read_only'] }],
    ['a lifetime over an hour', { scope: [cloudPlatform], lifetime: '3601s' }],
    ['a lifetime of nothing', { scope: [cloudPlatform], lifetime: '0s' }],
    ['a lifetime without its unit', { scope: [cloudPlatform], lifetime: '600' }],
  ])('gets no token with %s', async (_, body) => {
    const token = await federate('submit-role');
    expect((await impersonate(token, accounts.submitter, body)).status).toBe(400);
  });

  it('gets a token for as long as it asks', async () => {
    const token = await federate('submit-role');
    const body = { scope: [cloudPlatform], lifetime: '1200s' };
    const before = Date.now();
    const reply = await impersonate(token, accounts.submitter, body);
    const { expireTime } = parseObject(reply.body, 'the token');
    expect(expireTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(String(expireTime))).toBeGreaterThanOrEqual(before + 1_199_000);
  });
});

describe('the token exchange', () => {
  it('refuses a role that the pool does not let in', async () => {
    expect(await exchange(credentialsOf('stranger-role'))).toMatchObject({
      status: 400,
      body: {
        error: 'unauthorized_client',
        error_description: 'The given credential is rejected by the attribute condition.',
      },
    });
  });

  it('refuses what AWS STS does not confirm', async () => {
    const secretAccessKey = 'wrong';
    expect(await exchange({ ...credentialsOf('submit-role'), secretAccessKey })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(await exchange({ accessKeyId: 'test', secretAccessKey: 'test' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  it.each([
    ['another audience', { audience: '//iam.googleapis.com/other' }, 'invalid_target'],
    ['another grant', { grant_type: 'client_credentials' }, 'invalid_request'],
    [
      'another kind of token',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      'invalid_request',
    ],
    ['no scope', { scope: '' }, 'invalid_scope'],
    ['a token that is none', { subject_token: 'garbage' }, 'invalid_grant'],
  ])('refuses %s', async (_, changes, error) => {
    expect(await exchange(credentialsOf('submit-role'), changes)).toMatchObject({
      status: 400,
      body: { error },
    });
  });
});
