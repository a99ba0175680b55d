import type { AwsCredentialsSource } from '../aws/signed-request.ts';
import { parseJsonObject, type Send } from '../transport.ts';
import { toUpstreamProblem, upstreamProblem, type UpstreamName } from '../upstream.ts';
import { toUpstreamCode } from '../upstream.ts';
import { createSubjectToken } from './subject-token.ts';

/** Gets an access token of a Google service account, from the cache when it lives long enough. */
export type GoogleTokens = (accountEmail: string, deadline: Date) => Promise<string>;

/** What token exchange needs from outside. */
export interface GoogleTokensOptions {
  readonly workloadIdentityProvider: string;
  readonly region: string;
  readonly stsEndpoint: string;
  readonly iamCredentialsEndpoint: string;
  readonly awsCredentials: AwsCredentialsSource;
  readonly send: Send;
  readonly now: () => Date;
}

interface CachedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Seconds: 20 minutes at a time, renewed 5 minutes early. Source: docs/architecture.md. */
const LIFETIME_SECONDS = 1200;
const RENEW_EARLY_SECONDS = 300;
/** Seconds: a token that could not be renewed still serves while it lives at least this long. */
const LAST_USE_SECONDS = 30;
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
/** Milliseconds that one call may take: two of them and an attempt of Dataproc's fit into a handler's 25 seconds. */
const CALL_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

/**
 * Makes the source of Google tokens without any key: the role's signed identity is exchanged at Google's STS and the
 * federated token impersonates one account. One refresh per account is in flight at a time.
 * Source: RFC 8693; Google Cloud, workload identity federation with AWS.
 * The returned function throws upstream problems; tokens never leave it but as its value.
 */
export function createGoogleTokens(options: GoogleTokensOptions): GoogleTokens {
  const federated = createCache(options.now, (_key, deadline) => exchange(options, deadline));
  const accounts = createCache(options.now, async (email, deadline) =>
    impersonate(options, { email, deadline, federatedToken: await federated('', deadline) }),
  );
  return accounts;
}

type Fetch = (key: string, deadline: Date) => Promise<CachedToken>;

function createCache(now: () => Date, fetchToken: Fetch): GoogleTokens {
  const cached = new Map<string, CachedToken>();
  const inFlight = new Map<string, Promise<CachedToken>>();
  const join = (key: string, deadline: Date): Promise<CachedToken> => {
    const running =
      inFlight.get(key) ?? fetchToken(key, deadline).finally(() => inFlight.delete(key));
    inFlight.set(key, running);
    return running;
  };
  return async (key, deadline) => {
    const known = cached.get(key);
    if (known && known.expiresAt.getTime() - now().getTime() > RENEW_EARLY_SECONDS * 1000) {
      return known.token;
    }
    try {
      // What is under way has the deadline of whoever began it, which may have passed while the process was frozen.
      const joined = inFlight.get(key)?.catch(() => join(key, deadline));
      const fetched = await (joined ?? join(key, deadline));
      cached.set(key, fetched);
      return fetched.token;
    } catch (error) {
      const usableMs = (known?.expiresAt.getTime() ?? 0) - now().getTime();
      if (known === undefined || usableMs < LAST_USE_SECONDS * 1000) throw error;
      return known.token;
    }
  };
}

async function exchange(options: GoogleTokensOptions, deadline: Date): Promise<CachedToken> {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: options.workloadIdentityProvider,
    scope: SCOPE,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    subject_token: createSubjectToken(options),
  });
  const answer = await post(options, 'Google STS', {
    url: `${options.stsEndpoint}/v1/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    deadline,
  });
  const seconds = answer.get('expires_in');
  const lifetimeMs = typeof seconds === 'number' ? seconds * 1000 : 0;
  return {
    token: readToken(answer.get('access_token'), 'Google STS'),
    expiresAt: new Date(options.now().getTime() + lifetimeMs),
  };
}

interface Impersonation {
  readonly email: string;
  readonly federatedToken: string;
  readonly deadline: Date;
}

async function impersonate(
  options: GoogleTokensOptions,
  wanted: Impersonation,
): Promise<CachedToken> {
  const account = encodeURIComponent(wanted.email);
  const answer = await post(options, 'IAM Credentials', {
    url: `${options.iamCredentialsEndpoint}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${wanted.federatedToken}`,
    },
    body: JSON.stringify({ scope: [SCOPE], lifetime: `${LIFETIME_SECONDS}s` }),
    deadline: wanted.deadline,
  });
  const expiresAt = new Date(String(answer.get('expireTime')));
  if (Number.isNaN(expiresAt.getTime())) throw malformed('IAM Credentials');
  return { token: readToken(answer.get('accessToken'), 'IAM Credentials'), expiresAt };
}

interface TokenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly deadline: Date;
}

async function post(
  options: GoogleTokensOptions,
  upstream: UpstreamName,
  request: TokenRequest,
): Promise<ReadonlyMap<string, unknown>> {
  const callEndMs = Math.min(options.now().getTime() + CALL_MS, request.deadline.getTime());
  const deadline = new Date(callEndMs);
  const response = await options
    .send({ ...request, deadline, method: 'POST', maxBytes: MAX_ANSWER_BYTES })
    .catch((error: unknown) => {
      throw toUpstreamProblem(error, upstream);
    });
  if (response.status === 200) return parseJsonObject(response.body);
  const code = toUpstreamCode(response.status);
  throw upstreamProblem(code === 'upstream_refused' ? 'credentials_refused' : code, upstream, {
    status: response.status,
    cause: new Error(describeRefusal(response.body)),
  });
}

/** The refusal's code words for the log: Google's `error`, `error.status`; never a token. */
function describeRefusal(body: Uint8Array): string {
  const error = parseJsonObject(body).get('error');
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return 'no reason given';
  const status = 'status' in error ? String(error.status) : '';
  const message = 'message' in error ? String(error.message).slice(0, 300) : '';
  return `${status} ${message}`;
}

function readToken(value: unknown, upstream: UpstreamName): string {
  if (typeof value === 'string' && value !== '') return value;
  throw malformed(upstream);
}

function malformed(upstream: UpstreamName): unknown {
  return upstreamProblem('upstream_error', upstream, { detail: 'gave an answer without a token' });
}
