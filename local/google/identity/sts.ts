import type { IncomingMessage } from 'node:http';
import { AwsUnavailable, findAwsCaller, parseSubjectToken } from './aws-identity.ts';
import type { WorkloadIdentity } from '../configuration.ts';
import { type Answer, readBody } from '../api/http-exchange.ts';
import type { Permissions } from './permissions.ts';
import { ShapeError } from '../shape.ts';
import type { TokenStore } from './tokens.ts';

/** Seconds that a federated token lives. */
const lifetimeSeconds = 3600;
const maxBodyBytes = 64 * 1024;
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

/** What the local Security Token Service needs. */
export interface StsOptions {
  readonly workloadIdentity: WorkloadIdentity;
  readonly awsSts: string;
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
}

/** RFC 6749 section 5.2. */
class OAuthError extends Error {
  readonly code: string;

  constructor(code: string, description: string) {
    super(description);
    this.code = code;
  }
}

/**
 * Exchanges a signed AWS request for a federated token: `POST /v1/token`. AWS STS says who signed;
 * the pool lets in one account and the roles that may impersonate somebody.
 * Source: RFC 8693, https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 */
export async function exchangeToken(
  request: IncomingMessage,
  options: StsOptions,
): Promise<Answer> {
  const body = await readBody(request, maxBodyBytes);
  try {
    const role = await authenticate(new URLSearchParams(body.toString('utf8')), options);
    const { token } = options.tokens.issue({ kind: 'federated', role }, lifetimeSeconds);
    const answer = {
      access_token: token,
      issued_token_type: accessToken,
      token_type: 'Bearer',
      expires_in: lifetimeSeconds,
    };
    return { status: 200, body: answer };
  } catch (error) {
    return toRefusal(error);
  }
}

async function authenticate(form: URLSearchParams, options: StsOptions): Promise<string> {
  const { workloadIdentity, permissions, awsSts } = options;
  checkForm(form, workloadIdentity.audience);
  const subjectToken = form.get('subject_token') ?? '';
  const signed = parseSubjectToken(subjectToken, workloadIdentity.audience);
  const caller = await findAwsCaller(signed, awsSts);
  if (caller.kind === 'refused') throw new OAuthError('invalid_grant', `${caller.reason}.`);
  const { account, role } = caller;
  if (account !== workloadIdentity.awsAccount || !permissions.admitsRole(role))
    throw new OAuthError(
      'unauthorized_client',
      'The given credential is rejected by the attribute condition.',
    );
  return role;
}

function checkForm(form: URLSearchParams, audience: string): void {
  const expected = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: accessToken,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
  };
  // RFC 6749 section 3.2: no parameter may be there twice.
  for (const name of new Set(form.keys()))
    if (form.getAll(name).length > 1)
      throw new OAuthError('invalid_request', `The parameter ${name.slice(0, 64)} is repeated.`);
  for (const [name, value] of Object.entries(expected))
    if (form.get(name) !== value)
      throw new OAuthError('invalid_request', `The parameter ${name} must be ${value}.`);
  if ((form.get('scope') ?? '') === '')
    throw new OAuthError('invalid_scope', 'Scope(s) must be provided.');
  if (form.get('audience') !== audience)
    throw new OAuthError(
      'invalid_target',
      'The target service indicated by the "audience" parameters is invalid. This might either ' +
        "be because the pool or provider is disabled or deleted or because it doesn't exist.",
    );
}

function toRefusal(error: unknown): Answer {
  if (error instanceof OAuthError)
    return { status: 400, body: { error: error.code, error_description: error.message } };
  if (error instanceof ShapeError)
    return {
      status: 400,
      body: { error: 'invalid_grant', error_description: `${error.message}.` },
    };
  if (error instanceof AwsUnavailable)
    return {
      status: 503,
      body: { error: 'temporarily_unavailable', error_description: `${error.message}.` },
    };
  throw error;
}
