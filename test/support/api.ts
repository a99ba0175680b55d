import { inject } from 'vitest';
import type { Stack } from '../../local/up/stack-file.ts';
import type { PlayedIssuer } from './played-issuers.ts';

/** Names of the stack's clients. */
export type ClientName = keyof Stack['clients'];

/** One answer of the API, its body parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a call sends; `as` takes the token of a client, `token` any text, neither: no Authorization header. */
export interface Call {
  readonly as?: ClientName;
  readonly token?: string;
  readonly method?: string;
  readonly json?: unknown;
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const tokens = new Map<string, Promise<string>>();

/** The stack that the project's set-up started. */
export function getStack(): Stack {
  return inject('stack');
}

/** The issuers that the tests play and the stack trusts. */
export function getPlayedIssuers(): readonly PlayedIssuer[] {
  return inject('playedIssuers');
}

/** Gets a client's token from the identity provider, once per file. */
export function getToken(name: ClientName, stack: Stack = getStack()): Promise<string> {
  const key = `${stack.tokenEndpoint} ${name}`;
  const known = tokens.get(key) ?? fetchToken(stack, name);
  tokens.set(key, known);
  return known;
}

async function fetchToken(stack: Stack, name: ClientName): Promise<string> {
  const { id, secret } = stack.clients[name];
  const response = await fetch(stack.tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const body = (await response.json()) as { readonly access_token: string };
  return body.access_token;
}

/** Asks the identity provider's test hook to sign claims of any kind. */
export async function signToken(claims: unknown, header?: unknown): Promise<string> {
  const response = await fetch(new URL('/_local/tokens', getStack().issuer), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ claims, header }),
  });
  const body = (await response.json()) as { readonly access_token: string };
  return body.access_token;
}

/** Calls the API under the stack's base; `path` begins behind `/v1`. Redirects are not followed. */
export async function callApi(
  path: string,
  call: Call = {},
  stack: Stack = getStack(),
): Promise<Answer> {
  const token = call.as === undefined ? call.token : await getToken(call.as, stack);
  const body = call.json === undefined ? call.rawBody : JSON.stringify(call.json);
  const response = await fetch(stack.api + path, {
    method: call.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parseObject(text) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith('{')) return {};
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

/** A valid body of submit-job on the sample data. */
export const SAMPLE_BODY = {
  template: 'preprocess',
  parameters: {
    input: 'gs://jobgate-data/samples/birdstrikes.csv',
    startDate: '1999-01-01',
    endDate: '1999-12-31',
  },
} as const;

/** Polls a job until it has ended; fails when it has not after 90 seconds. */
export async function waitForEnd(
  job: string,
  as: ClientName = 'analyst',
  stack: Stack = getStack(),
): Promise<Readonly<Record<string, unknown>>> {
  const until = Date.now() + 90_000;
  for (;;) {
    const { status, body, text } = await callApi(`/jobs/${job}`, { as }, stack);
    if (status !== 200) throw new Error(`get-job answered ${status}: ${text}`);
    if (['succeeded', 'failed', 'cancelled'].includes(String(body['state']))) return body;
    if (Date.now() > until) throw new Error(`the job is still ${String(body['state'])}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** A failure that the local Google is to show. */
export interface Fault {
  readonly rpc: string;
  readonly status: number | 'drop-after' | 'cut-body' | 'delay';
  readonly delayMs?: number;
  readonly count: number;
}

/** Makes the next calls of an RPC fail in the local Google. */
export async function injectFault(fault: Fault): Promise<void> {
  const response = await fetch(new URL('/_local/faults', getStack().dataproc), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  if (!response.ok) throw new Error(`the fault was refused: ${await response.text()}`);
}

/** Ends all faults. */
export async function clearFaults(): Promise<void> {
  await fetch(new URL('/_local/faults', getStack().dataproc), { method: 'DELETE' });
}
