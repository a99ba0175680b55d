import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { parseObject } from '../../../../local/google/shape.ts';
import { accounts, send } from '../google-server.ts';

/** What is signed; the defaults are those of a good URL. */
export interface Signing {
  readonly path: string;
  readonly method?: string;
  readonly email?: string;
  readonly host?: string;
  /** Seconds between now and the date of the signature. */
  readonly fromNowSeconds?: number;
  readonly expires?: string;
  /** Day of the credential; that of the date when not given. */
  readonly day?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Signed besides the host. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request, its target as it is: no client puts it right. */
export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What was answered, header names in lower case. */
export interface RawReply {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Makes the path and query of a signed URL; IAM Credentials signs for the signer itself. */
export async function signTarget(
  servers: { readonly google: string; readonly storage: string },
  signing: Signing,
): Promise<string> {
  const { path, method = 'GET', email = accounts.signer, expires = '300' } = signing;
  const headers = { host: signing.host ?? new URL(servers.storage).host, ...signing.headers };
  const names = Object.keys(headers).sort().join(';');
  const instant = new Date(Date.now() + (signing.fromNowSeconds ?? 0) * 1000).toISOString();
  const date = instant.replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${signing.day ?? date.slice(0, 8)}/auto/storage/goog4_request`;
  const query = Object.entries({
    'X-Goog-Algorithm': 'GOOG4-RSA-SHA256',
    'X-Goog-Credential': `${email}/${scope}`,
    'X-Goog-Date': date,
    'X-Goog-Expires': expires,
    'X-Goog-SignedHeaders': names,
    ...signing.query,
  })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const payload = signing.headers?.['x-goog-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  const canonical = [method, path, query, ...lines.sort(), '', names, payload].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['GOOG4-RSA-SHA256', date, scope, digest].join('\n');
  return `${path}?${query}&X-Goog-Signature=${await signText(servers.google, text)}`;
}

async function signText(google: string, text: string): Promise<string> {
  const body = { payload: Buffer.from(text).toString('base64') };
  const url = `${google}/v1/projects/-/serviceAccounts/${accounts.signer}:signBlob`;
  const reply = await send(url, { method: 'POST', token: 'signer-token', body });
  const { signedBlob } = parseObject(reply.body, 'the signature');
  return Buffer.from(String(signedBlob), 'base64').toString('hex');
}

/** Sends a request to the storage front. */
export function sendRaw(storage: string, raw: RawRequest): Promise<RawReply> {
  const { hostname, port } = new URL(storage);
  const { method = 'GET', target: path, headers = {} } = raw;
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, headers, agent: false };
    const outgoing = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject).once('end', () => {
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
      });
    });
    outgoing.once('error', reject).end(raw.body);
  });
}
