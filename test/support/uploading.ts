import { createHash } from 'node:crypto';
import { callApi, type Answer, type ClientName } from './api.ts';

/** A file as create-upload is told of it. */
export interface Announced {
  readonly name: string;
  readonly size: number;
  readonly contentType: string;
  readonly md5: string;
  readonly sha256: string;
}

/** What create-upload answers. */
export interface Ticket {
  readonly uri: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: string;
}

/** Tells what create-upload must know of a file. */
export function announce(name: string, content: string): Announced {
  const digest = (algorithm: string) => createHash(algorithm).update(content);
  return {
    name,
    size: Buffer.byteLength(content),
    contentType: 'text/plain',
    md5: digest('md5').digest('base64'),
    sha256: digest('sha256').digest('hex'),
  };
}

/** Asks for a link; fails when there is none. */
export async function getTicket(json: Announced, as: ClientName = 'analyst'): Promise<Ticket> {
  const { status, body, text } = await callApi('/uploads', { as, json });
  if (status !== 201) throw new Error(`create-upload answered ${status}: ${text}`);
  return body as unknown as Ticket;
}

/** Puts a content by a link, with every header that it says. */
export function put(ticket: Ticket, content: string): Promise<Response> {
  const { url, method, headers } = ticket;
  return fetch(url, { method, headers, body: content });
}

/** Uploads a file and gives its URI. */
export async function upload(
  name: string,
  content: string,
  as: ClientName = 'analyst',
): Promise<string> {
  const ticket = await getTicket(announce(name, content), as);
  const { status } = await put(ticket, content);
  if (status !== 200) throw new Error(`Cloud Storage answered ${status}`);
  return ticket.uri;
}

/** Submits a script. */
export function runScript(script: string, as: ClientName = 'analyst'): Promise<Answer> {
  return callApi('/jobs', { as, json: { template: 'run-script', parameters: { script } } });
}
