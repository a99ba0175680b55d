import { hash } from 'node:crypto';
import type { GoogleTokens } from '../credentials/google-tokens.ts';
import { parseJsonObject, type Send } from '../transport.ts';
import { toUpstreamCode, toUpstreamProblem, upstreamProblem } from '../upstream.ts';

/** What may be done to which object, for how long (1 to 604,800 seconds), signed by whom. */
export interface SignRequest {
  readonly method: 'GET' | 'PUT';
  /** Signed beside the host, names in lower case, values without space around: each must be sent as it is. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bucket: string;
  readonly name: string;
  readonly lifetimeSeconds: number;
  /** E-mail of the account that signs for itself. */
  readonly account: string;
  readonly deadline: Date;
}

/** What signing needs from outside. */
export interface SignOptions {
  readonly endpoint: string;
  readonly iamCredentialsEndpoint: string;
  readonly tokens: GoogleTokens;
  readonly send: Send;
  readonly now: () => Date;
}

/**
 * Makes a V4 signed URL whose signature comes from IAM Credentials' signBlob: no key is ever held.
 * Source: Cloud Storage, V4 signing process; IAM Credentials REST reference, signBlob.
 */
export async function signUrl(request: SignRequest, options: SignOptions): Promise<string> {
  const { host } = new URL(options.endpoint);
  const timestamp = options
    .now()
    .toISOString()
    .replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${timestamp.slice(0, 8)}/auto/storage/goog4_request`;
  const headers = Object.entries({ ...request.headers, host }).sort(byName);
  const names = headers.map(([name]) => name).join(';');
  const path = `/${request.bucket}/${request.name.split('/').map(encodeSegment).join('/')}`;
  const query = [
    ['X-Goog-Algorithm', 'GOOG4-RSA-SHA256'],
    ['X-Goog-Credential', `${request.account}/${scope}`],
    ['X-Goog-Date', timestamp],
    ['X-Goog-Expires', String(request.lifetimeSeconds)],
    ['X-Goog-SignedHeaders', names],
  ]
    .map(([name, value]) => `${name ?? ''}=${encodeSegment(value ?? '')}`)
    .join('&');
  const lines = headers.map(([name, value]) => `${name}:${value}`);
  const parts = [request.method, path, query, ...lines, '', names, 'UNSIGNED-PAYLOAD'];
  const digest = hash('sha256', parts.join('\n'));
  const toSign = ['GOOG4-RSA-SHA256', timestamp, scope, digest].join('\n');
  const signature = await signBlob(toSign, request, options);
  return `${options.endpoint}${path}?${query}&X-Goog-Signature=${signature.toString('hex')}`;
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}

async function signBlob(text: string, request: SignRequest, options: SignOptions): Promise<Buffer> {
  const token = await options.tokens(request.account, request.deadline);
  const account = encodeURIComponent(request.account);
  const response = await options
    .send({
      url: `${options.iamCredentialsEndpoint}/v1/projects/-/serviceAccounts/${account}:signBlob`,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ payload: Buffer.from(text).toString('base64') }),
      deadline: request.deadline,
      maxBytes: 65_536,
    })
    .catch((error: unknown) => {
      throw toUpstreamProblem(error, 'IAM Credentials');
    });
  const signed = parseJsonObject(response.body).get('signedBlob');
  if (response.status === 200 && typeof signed === 'string') return Buffer.from(signed, 'base64');
  throw upstreamProblem(toUpstreamCode(response.status), 'IAM Credentials', {
    status: response.status,
  });
}

/** Percent-encodes all but RFC 3986 unreserved characters. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
