import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import { accounts, type Reply, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { assumeNewRole, cloudPlatform, federate, startTrust, type Trust } from './aws-exchange.ts';

const [folder, removeFolder] = makeFolder();
const run = 'impersonation-test';
const stateDirectory = join(folder, 'state');
let trust: Trust;
let google: string;
/** Takes the place of the first server in the last test. */
let second: LocalServer | undefined;
/** Tokens by who holds them, those of accounts of the configuration included. */
const tokens = new Map<string, string>([
  ['submitter', 'submitter-token'],
  ['signer', 'signer-token'],
  ['reader', 'reader-token'],
  ['stranger', 'ya29.stranger'],
]);

beforeAll(async () => {
  trust = await startTrust(folder, run, { stateDirectory });
  ({ google } = trust);
  for (const role of ['submit-role', 'sign-role'])
    tokens.set(role, await federate(google, await assumeNewRole(trust.awsSts, role)));
});

afterAll(removeFolder);
afterAll(() => trust.stop());
afterAll(() => second?.stop());

interface Call {
  readonly who: string;
  readonly email: string;
  readonly body: object | string;
}

/** What is changed in a good call, how, and the refusal. */
type Refusal = readonly [what: string, change: Partial<Call>, message: unknown];

function call(method: string, { who, email, body }: Call): Promise<Reply> {
  const url = `${google}/v1/projects/-/serviceAccounts/${email}:${method}`;
  const token = tokens.get(who);
  return send(url, { method: 'POST', body, ...(token === undefined ? {} : { token }) });
}

function messageOf(reply: Reply): unknown {
  const error = parseObject(parseObject(reply.body, 'the reply')['error'], 'the error');
  return `${String(error['status'])}: ${String(error['message'])}`;
}

const denied = (permission: string) =>
  `PERMISSION_DENIED: Permission 'iam.serviceAccounts.${permission}' denied on resource (or it may not exist).`;
const invalidToken = expect.stringContaining(
  'UNAUTHENTICATED: Request had invalid authentication credentials.',
) as unknown;
const missingToken = expect.stringContaining(
  'UNAUTHENTICATED: Request is missing required authentication credential.',
) as unknown;
const badPath = 'INVALID_ARGUMENT: The path is not well encoded.';

const noAccount = ['__proto__', 'constructor', 'nobody@local.iam.gserviceaccount.com', '*', '-'];

describe('generateAccessToken', () => {
  const good: Call = {
    who: 'submit-role',
    email: accounts.submitter,
    body: { scope: [cloudPlatform], lifetime: '1200s' },
  };
  const refuse = denied('getAccessToken');

  it('gives a role a token of its account, for as long as it asks', async () => {
    const before = Date.now();
    const reply = await call('generateAccessToken', good);
    const { accessToken, expireTime } = parseObject(reply.body, 'the token');
    expect(accessToken).toMatch(/^ya29\.local-/);
    expect(expireTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(String(expireTime))).toBeGreaterThanOrEqual(before + 1_199_000);
    const longest = { ...good, body: { scope: [cloudPlatform], lifetime: '3600s' } };
    expect((await call('generateAccessToken', longest)).status).toBe(200);
  });

  it.each<Refusal>([
    ['the federated token of another role', { who: 'sign-role' }, refuse],
    ['the token of the account itself', { who: 'submitter' }, refuse],
    ['the token of another account', { who: 'signer' }, refuse],
    ['an unknown token', { who: 'stranger' }, invalidToken],
    ['no token', { who: 'nobody' }, missingToken],
    ['an account in capitals', { email: accounts.submitter.toUpperCase() }, refuse],
    ['an account with a space', { email: `${accounts.submitter}%20` }, refuse],
    ['an account of another role', { email: accounts.signer }, refuse],
    ['a path that is not encoded', { email: '%zz' }, badPath],
    ...noAccount.map((email) => [`the account ${email}`, { email }, refuse] as const),
    [
      'delegates',
      { body: { scope: [cloudPlatform], delegates: ['projects/-/serviceAccounts/x'] } },
      'UNIMPLEMENTED: The local IAM Credentials has no delegates.',
    ],
    ['no scope', { body: {} }, `INVALID_ARGUMENT: The scope ${cloudPlatform} is required.`],
    [
      'a smaller scope',
      { body: { scope: ['https://www.googleapis.com/auth/devstorage.read_only'] } },
      `INVALID_ARGUMENT: The scope ${cloudPlatform} is required.`,
    ],
    ...['3601s', '0s', '600', '-1s', '1e3s'].map(
      (lifetime) =>
        [
          `a lifetime of ${lifetime}`,
          { body: { scope: [cloudPlatform], lifetime } },
          `INVALID_ARGUMENT: lifetime must be from 1s to 3600s, and is "${lifetime}".`,
        ] as const,
    ),
    [
      'a body that is none',
      { body: '[]' },
      'INVALID_ARGUMENT: Invalid JSON payload received: the body must be an object.',
    ],
    [
      'too large a body',
      { body: ' '.repeat(1_048_577) },
      'INVALID_ARGUMENT: Request payload size exceeds the limit: 1048576 bytes.',
    ],
  ])('refuses %s', async (_, change, message) => {
    expect(messageOf(await call('generateAccessToken', { ...good, ...change }))).toEqual(message);
  });
});

describe('signBlob', () => {
  const good: Call = { who: 'signer', email: accounts.signer, body: { payload: 'dGV4dA==' } };
  const refuse = denied('signBlob');

  it('signs for the account itself', async () => {
    expect((await call('signBlob', good)).body).toEqual({
      keyId: expect.stringMatching(/^[0-9a-f]{40}$/) as unknown,
      signedBlob: expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/) as unknown,
    });
  });

  it.each<Refusal>([
    ['a role that may become the account', { who: 'sign-role' }, refuse],
    ['another account', { who: 'reader' }, refuse],
    ['an account without the right to sign', { who: 'reader', email: accounts.reader }, refuse],
    ['an account in capitals', { email: accounts.signer.toUpperCase() }, refuse],
    ['an unknown token', { who: 'stranger' }, invalidToken],
    ['no token', { who: 'nobody' }, missingToken],
    ...noAccount.map((email) => [`the account ${email}`, { email }, refuse] as const),
    [
      'delegates',
      { body: { payload: 'dGV4dA==', delegates: ['x'] } },
      'UNIMPLEMENTED: The local IAM Credentials has no delegates.',
    ],
    [
      'a payload that is not base64',
      { body: { payload: '!' } },
      'INVALID_ARGUMENT: Invalid JSON payload received: payload must be base64.',
    ],
  ])('refuses %s', async (_, change, message) => {
    expect(messageOf(await call('signBlob', { ...good, ...change }))).toEqual(message);
  });

  it('refuses a token that was good and has expired', async () => {
    const body = { scope: [cloudPlatform], lifetime: '1s' };
    const grant = { who: 'sign-role', email: accounts.signer, body };
    const { body: reply } = await call('generateAccessToken', grant);
    tokens.set('short', String(parseObject(reply, 'the token')['accessToken']));
    const refused = await waitFor(async () => {
      const answer = await call('signBlob', { ...good, who: 'short' });
      return answer.status === 200 ? undefined : answer;
    });
    expect(messageOf(refused)).toEqual(invalidToken);
  });
});

it('tokens and keys outlive a server that is killed', async () => {
  const sign: Call = { who: 'signer', email: accounts.signer, body: { payload: 'dGV4dA==' } };
  const body = { scope: [cloudPlatform] };
  const grant: Call = { who: 'sign-role', email: accounts.signer, body };
  const before = await call('signBlob', sign);
  const { body: reply } = await call('generateAccessToken', grant);
  tokens.set('impersonated', String(parseObject(reply, 'the token')['accessToken']));
  // The object store, which outlives the server, holds its standard error open.
  const { child } = trust.server;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  second = await startGoogle(folder, { run, awsSts: trust.awsSts, stateDirectory });
  google = String(second.ready['google']);
  expect((await call('generateAccessToken', grant)).status).toBe(200);
  const after = await call('signBlob', { ...sign, who: 'impersonated' });
  expect(after.body).toEqual(before.body);
});
