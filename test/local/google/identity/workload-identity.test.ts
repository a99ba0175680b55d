import { AwsClient } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from '../../aws/signed-call.ts';
import { accounts, makeBatch, parent, send, startGoogle } from '../google-server.ts';
import { makeFolder } from '../local-server.ts';
import {
  assumeNewRole,
  audience,
  cloudPlatform,
  federate,
  makeForm,
  postForm,
  signIdentity,
  startTrust,
  type Trust,
} from './aws-exchange.ts';

const [folder, removeFolder] = makeFolder();
const run = 'workload-identity-test';
let trust: Trust;
let google: string;
let submitKeys: Credentials;
let signKeys: Credentials;

beforeAll(async () => {
  trust = await startTrust(folder, run);
  ({ google } = trust);
  submitKeys = await assumeNewRole(trust.awsSts, 'submit-role');
  signKeys = await assumeNewRole(trust.awsSts, 'sign-role');
});

afterAll(removeFolder);
afterAll(() => trust.stop());

/** Google's own client, as a Lambda of the role would have it. */
function makeClient(keys: Credentials, email: string): AwsClient {
  const { accessKeyId, secretAccessKey, sessionToken: token = '' } = keys;
  return new AwsClient({
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    token_url: `${google}/v1/token`,
    service_account_impersonation_url: `${google}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`,
    service_account_impersonation: { token_lifetime_seconds: 1200 },
    scopes: [cloudPlatform],
    aws_security_credentials_supplier: {
      getAwsRegion: () => Promise.resolve('us-east-1'),
      getAwsSecurityCredentials: () => Promise.resolve({ accessKeyId, secretAccessKey, token }),
    },
  });
}

describe('an AWS role', () => {
  it("creates a batch as its account with Google's own client", async () => {
    const client = makeClient(submitKeys, accounts.submitter);
    const { token } = await client.getAccessToken();
    expect(token).toMatch(/^ya29\.local-/);
    const reply = await client.request({
      url: `${google}/v1/${parent}/batches?batchId=federated-1`,
      method: 'POST',
      data: makeBatch('noop.py'),
    });
    expect(reply.data).toMatchObject({ metadata: { batch: `${parent}/batches/federated-1` } });
    const batch = await client.request({ url: `${google}/v1/${parent}/batches/federated-1` });
    expect(batch.data).toMatchObject({ creator: accounts.submitter });
  });

  it("may not become an account of another role, with Google's own client either", async () => {
    const client = makeClient(signKeys, accounts.submitter);
    await expect(client.getAccessToken()).rejects.toThrow(
      "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    );
  });

  it('gets a federated token for an hour', async () => {
    const reply = await postForm(google, makeForm(signIdentity(submitKeys)));
    expect(reply.body).toEqual({
      access_token: expect.stringMatching(/^ya29\.local-/) as unknown,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    });
  });

  it.each([
    ['another grant', { grant_type: 'client_credentials' }, 'invalid_request'],
    [
      'another kind of token',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      'invalid_request',
    ],
    ['a token that is none', { subject_token: 'garbage' }, 'invalid_grant'],
  ])('gets no federated token with %s', async (_, changes, error) => {
    const form = makeForm(signIdentity(submitKeys));
    for (const [name, value] of Object.entries(changes)) form.set(name, value);
    expect(await postForm(google, form)).toMatchObject({ status: 400, body: { error } });
  });

  it('gets no federated token while AWS STS does not answer', async () => {
    const other = await startGoogle(folder, { run, awsSts: 'http://127.0.0.1:9' });
    const reply = await postForm(String(other.ready['google']), makeForm(signIdentity(submitKeys)));
    await other.stop();
    expect(reply).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
  });

  it('may do nothing with its federated token itself', async () => {
    const token = await federate(google, submitKeys);
    const reply = await send(`${google}/v1/${parent}/batches`, { token });
    expect(reply.status).toBe(403);
  });
});
