import type { IncomingMessage } from 'node:http';
import { parseTarget } from '../api/http-exchange.ts';
import type { RpcCall } from '../api/rpc-call.ts';
import { findIamCredentialsCall, type IamCredentialsOptions } from '../identity/iam-credentials.ts';
import { exchangeToken, type StsOptions } from '../identity/sts.ts';

/** The names of the calls of STS and IAM Credentials. */
export const identityMethods = ['token', 'generateAccessToken', 'signBlob'] as const;

/** What the calls of STS and IAM Credentials need. */
interface IdentityOptions {
  readonly sts: StsOptions;
  readonly iamCredentials: IamCredentialsOptions;
}

/** Finds the call of STS or IAM Credentials that a request makes; undefined when it makes none. */
export function findIdentityCall(
  request: IncomingMessage,
  { sts, iamCredentials }: IdentityOptions,
): RpcCall | undefined {
  const { pathname } = parseTarget(request);
  if (request.method === 'POST' && pathname === '/v1/token')
    return { rpc: 'token', run: () => exchangeToken(request, sts) };
  return findIamCredentialsCall(request, iamCredentials);
}
