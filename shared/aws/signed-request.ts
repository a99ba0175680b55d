import { createHmac, hash } from 'node:crypto';
import type { HttpResponse, Send } from '../transport.ts';
import { createSigningKeys } from './signing-key.ts';

/** Temporary credentials of the function's role, as Lambda puts them into its environment. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Reads the role's credentials anew, since the platform may renew them. */
export type AwsCredentialsSource = () => AwsCredentials;

/** One call of an AWS JSON API. */
export interface AwsJsonCall {
  readonly service: string;
  readonly region: string;
  /** Replaces the service's own address; null outside the local stack. */
  readonly endpoint: string | null;
  /** `X-Amz-Target`, such as `DynamoDB_20120810.GetItem`. */
  readonly target: string;
  /** The version of the service's protocol. Source: the service's model in the AWS SDK. */
  readonly jsonVersion: '1.0' | '1.1';
  readonly body: string;
  readonly deadline: Date;
}

const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** Signs and sends an AWS JSON call. Source: AWS Signature Version 4. @throws TransportError. */
export async function sendAwsJson(
  call: AwsJsonCall,
  credentials: AwsCredentials,
  send: Send,
): Promise<HttpResponse> {
  const base = call.endpoint ?? `https://${call.service}.${call.region}.amazonaws.com`;
  const { host } = new URL(base);
  const headers = signRequest(
    {
      host,
      path: '/',
      method: 'POST',
      service: call.service,
      region: call.region,
      body: call.body,
      headers: {
        'Content-Type': `application/x-amz-json-${call.jsonVersion}`,
        'X-Amz-Target': call.target,
      },
    },
    credentials,
  );
  return send({
    url: `${base}/`,
    method: 'POST',
    headers,
    body: call.body,
    deadline: call.deadline,
    maxBytes: MAX_ANSWER_BYTES,
  });
}

/** What is signed: `path` with its query, as it is sent; the body is empty when absent. */
export interface UnsignedRequest {
  readonly host: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly service: string;
  readonly region: string;
  readonly body?: string;
  /** Those that are signed beside the ones that signing adds. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it is signed; now when absent. */
  readonly at?: Date;
}

const getSigningKey = createSigningKeys();

/**
 * Signs a request with Signature Version 4 and returns every header that must be sent. `aws4` is its judge in a test: with
 * it, a signature would take three times as long, of which every call has one (docs/decisions/0001).
 * Source: AWS Identity and Access Management user guide, create a signed AWS API request.
 */
export function signRequest(
  request: UnsignedRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
): Readonly<Record<string, string>> {
  const { method, path, region, service, body } = request;
  const timestamp = toTimestamp(request.at ?? new Date());
  const date = timestamp.slice(0, 8);
  const headers: Record<string, string> = { host: request.host, 'x-amz-date': timestamp };
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken;
  const names = Object.keys(headers).sort();
  const signedHeaders = names.join(';');
  const [pathname = '', query = ''] = path.split('?', 2);
  const canonicalRequest = [
    method,
    pathname.split('/').map(encodeStrictly).join('/'),
    toCanonicalQuery(query),
    ...names.map((name) => `${name}:${toCanonicalValue(headers[name] ?? '')}`),
    '',
    signedHeaders,
    hash('sha256', body ?? ''),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const digest = hash('sha256', canonicalRequest);
  const key = getSigningKey({ secretAccessKey, date, region, service });
  const signature = createHmac('sha256', key)
    .update(`${ALGORITHM}\n${timestamp}\n${scope}\n${digest}`)
    .digest('hex');
  const credential = `${accessKeyId}/${scope}`;
  headers['Authorization'] =
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return headers;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** `YYYYMMDDTHHMMSSZ`. */
function toTimestamp(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function toCanonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

function toCanonicalQuery(query: string): string {
  if (query === '') return '';
  const parameters = new URLSearchParams(query);
  parameters.sort();
  return [...parameters].map((pair) => pair.map(encodeStrictly).join('=')).join('&');
}

/** Everything but the unreserved characters. Source: RFC 3986 section 2.3. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
