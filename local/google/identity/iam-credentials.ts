import type { IncomingMessage } from 'node:http';
import { ApiError, permissionDenied } from '../api/api-error.ts';
import type { RpcCall } from '../api/rpc-call.ts';
import { type Answer, findBearerToken, parseTarget, readBody } from '../api/http-exchange.ts';
import { decodeUrlText } from '../api/url-text.ts';
import type { Permissions } from './permissions.ts';
import { parseJson, parseList, parseObject, parseText, ShapeError, type Table } from '../shape.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { Principal, TokenStore } from './tokens.ts';

const maxBodyBytes = 1024 * 1024;
const maxLifetimeSeconds = 3600;
const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';
const pathPattern = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):(generateAccessToken|signBlob)$/;

/** What the local IAM Credentials service needs. */
export interface IamCredentialsOptions {
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
  readonly keys: SigningKeys;
}

/**
 * Finds the method of IAM Credentials that a request calls; undefined when it calls none.
 * Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts
 */
export function findIamCredentialsCall(
  request: IncomingMessage,
  options: IamCredentialsOptions,
): RpcCall | undefined {
  const match = pathPattern.exec(parseTarget(request).pathname);
  if (match?.[1] === undefined || request.method !== 'POST') return undefined;
  const email = decodeUrlText(match[1]);
  if (email === undefined) throw new ApiError('INVALID_ARGUMENT', 'The path is not well encoded.');
  const work = match[2] === 'signBlob' ? signBlob : generateAccessToken;
  return { rpc: work.name, run: () => answer(request, options, { email, work }) };
}

type Work = (
  call: { readonly principal: Principal; readonly email: string; readonly body: Table },
  options: IamCredentialsOptions,
) => unknown;

async function answer(
  request: IncomingMessage,
  options: IamCredentialsOptions,
  { email, work }: { readonly email: string; readonly work: Work },
): Promise<Answer> {
  const text = (await readBody(request, maxBodyBytes)).toString('utf8');
  const principal = options.tokens.authenticate(findBearerToken(request));
  try {
    const body = parseObject(parseJson(text, 'the body'), 'the body');
    return { status: 200, body: await work({ principal, email, body }, options) };
  } catch (error) {
    if (error instanceof ShapeError)
      throw new ApiError('INVALID_ARGUMENT', `Invalid JSON payload received: ${error.message}.`);
    throw error;
  }
}

const generateAccessToken: Work = function generateAccessToken(
  { principal, email, body },
  { permissions, tokens },
) {
  const mayImpersonate =
    principal.kind === 'federated'
      ? permissions.mayImpersonate(principal.role, email)
      : principal.kind === 'anyone' && permissions.findAccount(email) !== undefined;
  if (!mayImpersonate) throw permissionDenied('iam.serviceAccounts.getAccessToken', 'resource');
  requireNoDelegates(body);
  const scopes = parseList(body['scope'] ?? [], 'scope', parseText);
  if (!scopes.includes(cloudPlatform))
    throw new ApiError('INVALID_ARGUMENT', `The scope ${cloudPlatform} is required.`);
  const seconds = parseLifetime(body['lifetime']);
  const { token, expiresAt } = tokens.issue({ kind: 'account', email }, seconds);
  return { accessToken: token, expireTime: expiresAt.toISOString().replace(/\.\d+Z$/, 'Z') };
};

const signBlob: Work = async function signBlob({ principal, email, body }, { permissions, keys }) {
  // roles/iam.workloadIdentityUser, which lets a role impersonate, does not hold signBlob.
  const mayActFor =
    principal.kind === 'anyone' || (principal.kind === 'account' && principal.email === email);
  if (!mayActFor || permissions.findAccount(email)?.sign !== true)
    throw permissionDenied('iam.serviceAccounts.signBlob', 'resource');
  requireNoDelegates(body);
  const payload = parseText(body['payload'], 'payload');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(payload)) throw new ShapeError('payload must be base64');
  const { keyId, signature } = await keys.sign(email, Buffer.from(payload, 'base64'));
  return { keyId, signedBlob: signature.toString('base64') };
};

function requireNoDelegates(body: Table): void {
  if (parseList(body['delegates'] ?? [], 'delegates', parseText).length > 0)
    throw new ApiError('UNIMPLEMENTED', 'The local IAM Credentials has no delegates.');
}

/** A Duration in its JSON form, for example `1200s`; an hour when not given. */
function parseLifetime(value: unknown): number {
  const text = parseText(value ?? `${maxLifetimeSeconds}s`, 'lifetime');
  const seconds = Number(/^(\d{1,6})(?:\.0{1,9})?s$/.exec(text)?.[1]);
  if (!(seconds >= 1 && seconds <= maxLifetimeSeconds))
    throw new ApiError(
      'INVALID_ARGUMENT',
      `lifetime must be from 1s to ${maxLifetimeSeconds}s, and is ${JSON.stringify(text)}.`,
    );
  return seconds;
}
