import { createHmac } from 'node:crypto';
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
  const { headers } = await signRequest(
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

/** What is signed. */
export interface UnsignedRequest {
  readonly host: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly service: string;
  readonly region: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

const getSigningKey = createSigningKeys();

/**
 * Signs a request with Signature Version 4; returns every header that must be sent. aws4 is loaded when first needed; only
 * the last step, the signature itself, is made here: see {@link createSigningKeys}.
 */
export async function signRequest(
  request: UnsignedRequest,
  credentials: AwsCredentials,
): Promise<{ readonly headers: Readonly<Record<string, string>> }> {
  const { default: aws4 } = await import('aws4');
  const { sessionToken, ...keys } = credentials;
  const signer = new aws4.RequestSigner(
    { ...request, headers: { ...request.headers } },
    sessionToken === undefined ? keys : { ...keys, sessionToken },
  );
  const { secretAccessKey } = keys;
  const { region, service } = request;
  signer.signature = () => {
    const key = getSigningKey({ secretAccessKey, date: signer.getDate(), region, service });
    return createHmac('sha256', key).update(signer.stringToSign(), 'utf8').digest('hex');
  };
  const headers = Object.entries(signer.sign().headers ?? {}).map(([name, value]) => [
    name,
    String(value),
  ]);
  return { headers: Object.fromEntries(headers) as Record<string, string> };
}
