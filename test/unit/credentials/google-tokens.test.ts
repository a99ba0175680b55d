import { describe, expect, it } from 'vitest';
import {
  createGoogleTokens,
  type GoogleTokens,
} from '../../../shared/credentials/google-tokens.ts';
import { toProblem } from '../../../shared/problem.ts';
import { TransportError, type HttpRequest } from '../../../shared/transport.ts';
import { createClock, FAR, type FakeClock } from '../../support/clock.ts';
import { createRoutedSend, json, type FakeSend, type Scripted } from '../../support/fake-send.ts';

const PROVIDER =
  '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws';
const SUBMITTER = 'jg-submit-tidy@acme.iam.gserviceaccount.com';
const READER = 'jg-read@acme.iam.gserviceaccount.com';

interface Bench extends FakeSend {
  readonly clock: FakeClock;
  readonly tokens: GoogleTokens;
  /** How often the role's identity was exchanged, and how often accounts were impersonated. */
  readonly counts: () => readonly [number, number];
}

/** A Google whose federated tokens live an hour and whose account tokens live 20 minutes. */
function createBench(
  override: (request: HttpRequest) => Scripted | undefined = () => undefined,
): Bench {
  const clock = createClock();
  const fake = createRoutedSend((request, index) => {
    const own = override(request);
    if (own !== undefined) return own;
    if (request.url === 'https://sts.googleapis.com/v1/token') {
      return json(200, { access_token: `federated-${index}`, expires_in: 3600 });
    }
    const expireTime = new Date(clock.now().getTime() + 1_200_000).toISOString();
    return json(200, { accessToken: `account-${index}`, expireTime });
  });
  const tokens = createGoogleTokens({
    workloadIdentityProvider: PROVIDER,
    region: 'eu-west-1',
    stsEndpoint: 'https://sts.googleapis.com',
    iamCredentialsEndpoint: 'https://iamcredentials.googleapis.com',
    awsCredentials: () => ({
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: 'session',
    }),
    send: fake.send,
    now: clock.now,
  });
  const isExchange = (request: HttpRequest): boolean => request.url.endsWith('/v1/token');
  return {
    ...fake,
    clock,
    tokens,
    counts: () => [
      fake.requests.filter(isExchange).length,
      fake.requests.filter((request) => !isExchange(request)).length,
    ],
  };
}

describe('a Google token', () => {
  it('is the role’s identity exchanged, then the account impersonated for 20 minutes', async () => {
    const { tokens, requests } = createBench();
    expect(await tokens(SUBMITTER, FAR)).toBe('account-1');
    const form = new URLSearchParams(requests[0]?.body);
    expect(Object.fromEntries([...form].filter(([name]) => name !== 'subject_token'))).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: PROVIDER,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    });
    expect(requests[1]).toMatchObject({
      url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/jg-submit-tidy%40acme.iam.gserviceaccount.com:generateAccessToken`,
      method: 'POST',
      headers: { authorization: 'Bearer federated-0' },
      body: '{"scope":["https://www.googleapis.com/auth/cloud-platform"],"lifetime":"1200s"}',
    });
  });

  it('proves the role by a signed request that names the provider and holds no secret', async () => {
    const { tokens, requests } = createBench();
    await tokens(SUBMITTER, FAR);
    const text = new URLSearchParams(requests[0]?.body).get('subject_token') ?? '';
    const subject = JSON.parse(decodeURIComponent(text)) as {
      readonly url: string;
      readonly method: string;
      readonly headers: readonly { readonly key: string; readonly value: string }[];
    };
    const headers = new Map(subject.headers.map(({ key, value }) => [key.toLowerCase(), value]));
    expect(subject.url).toBe(
      'https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15',
    );
    expect(subject.method).toBe('POST');
    expect(headers.get('x-goog-cloud-target-resource')).toBe(PROVIDER);
    expect(headers.get('host')).toBe('sts.eu-west-1.amazonaws.com');
    expect(headers.get('x-amz-security-token')).toBe('session');
    expect(headers.get('authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/\d{8}\/eu-west-1\/sts\/aws4_request, SignedHeaders=[a-z0-9;-]*x-goog-cloud-target-resource[a-z0-9;-]*, Signature=[0-9a-f]{64}$/,
    );
    expect(text).not.toContain('"secret"');
  });

  it('is fetched once for parallel requests', async () => {
    const { tokens, counts } = createBench();
    const all = await Promise.all(Array.from({ length: 10 }, () => tokens(SUBMITTER, FAR)));
    expect(new Set(all).size).toBe(1);
    expect(counts()).toEqual([1, 1]);
  });

  it('is one per account, over one exchange', async () => {
    const { tokens, counts } = createBench();
    const [one, other] = await Promise.all([tokens(SUBMITTER, FAR), tokens(READER, FAR)]);
    expect(one).not.toBe(other);
    expect(counts()).toEqual([1, 2]);
  });

  it('is renewed five minutes before its end', async () => {
    const { tokens, clock, counts } = createBench();
    const first = await tokens(SUBMITTER, FAR);
    clock.advance(15 * 60_000 - 1);
    expect(await tokens(SUBMITTER, FAR)).toBe(first);
    clock.advance(1);
    expect(await tokens(SUBMITTER, FAR)).not.toBe(first);
    expect(counts()).toEqual([1, 2]);
  });

  it('serves on while it lives when its renewal fails', async () => {
    let down = false;
    const { tokens, clock } = createBench(() => (down ? json(503, {}) : undefined));
    const first = await tokens(SUBMITTER, FAR);
    down = true;
    clock.advance(20 * 60_000 - 30_000);
    expect(await tokens(SUBMITTER, FAR)).toBe(first);
    clock.advance(1);
    await expect(tokens(SUBMITTER, FAR)).rejects.toMatchObject({ code: 'upstream_unavailable' });
  });

  it('is asked for again by whoever waited for a request of another’s that failed', async () => {
    const passed = new Date(0);
    const { tokens, counts } = createBench(({ deadline }) =>
      deadline.getTime() === passed.getTime()
        ? new TransportError('timeout', 'no answer in time')
        : undefined,
    );
    const began = tokens(SUBMITTER, passed).catch((error: unknown) => error);
    expect(await tokens(SUBMITTER, FAR)).toMatch(/^account-/);
    expect(await began).toMatchObject({ code: 'upstream_timeout' });
    expect(counts()).toEqual([2, 1]);
  });

  it('is waited for 5 seconds a call, and never longer than its caller waits', async () => {
    const { tokens, requests } = createBench();
    await tokens(SUBMITTER, FAR);
    await tokens(READER, new Date('2026-01-15T12:00:02.000Z'));
    expect(requests.map(({ deadline }) => deadline.toISOString())).toEqual([
      '2026-01-15T12:00:05.000Z',
      '2026-01-15T12:00:05.000Z',
      '2026-01-15T12:00:02.000Z',
    ]);
  });

  it('is asked for again after a failure', async () => {
    let down = true;
    const { tokens } = createBench(() => (down ? json(503, {}) : undefined));
    await expect(tokens(SUBMITTER, FAR)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    down = false;
    expect(await tokens(SUBMITTER, FAR)).toMatch(/^account-/);
  });
});

describe('an exchange that fails', () => {
  const sts = (answer: Scripted) => (request: HttpRequest) =>
    request.url.includes('sts.') ? answer : undefined;
  const iam = (answer: Scripted) => (request: HttpRequest) =>
    request.url.includes('iamcredentials.') ? answer : undefined;

  it.each([
    [
      'STS refuses',
      sts(json(400, { error: 'invalid_grant' })),
      'credentials_refused',
      'Google STS',
    ],
    ['STS is down', sts(json(503, {})), 'upstream_unavailable', 'Google STS'],
    [
      'STS does not answer',
      sts(new TransportError('timeout', 'late')),
      'upstream_timeout',
      'Google STS',
    ],
    ['STS gives no token', sts(json(200, {})), 'upstream_error', 'Google STS'],
    [
      'the account may not be impersonated',
      iam(json(403, { error: { status: 'PERMISSION_DENIED', message: 'no' } })),
      'credentials_refused',
      'IAM Credentials',
    ],
    [
      'the account’s token has no end',
      iam(json(200, { accessToken: 'secret-token' })),
      'upstream_error',
      'IAM Credentials',
    ],
    [
      'the account’s token is missing',
      iam(json(200, { expireTime: '2026-01-15T12:20:00Z' })),
      'upstream_error',
      'IAM Credentials',
    ],
  ])('names the service when %s', async (_name, override, code, upstream) => {
    const { tokens } = createBench(override);
    const problem = await tokens(SUBMITTER, FAR).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code, extras: { upstream } });
    expect(`${problem?.detail ?? ''} ${String(problem?.cause)}`).not.toMatch(/federated-|secret/);
  });
});
