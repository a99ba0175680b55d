import type { IncomingMessage, ServerResponse } from 'node:http';
import { importJWK, SignJWT } from 'jose';
import type { Issuer, Outage } from './issuer.ts';

/** Every route of the test hooks begins with this path. */
export const testHooksPath = '/_local/';

const outages: readonly Outage[] = ['ok', '500', 'hang'];
const maxBodyBytes = 65_536;

class HookError extends Error {}

type Table = Readonly<Record<string, unknown>>;

/**
 * Answers the hooks that let a test have what a sound issuer would never do:
 * `POST /_local/tokens` {claims, header?} signs any claims; `POST /_local/rotate` changes the
 * signing key; `POST /_local/outage` {mode} breaks the key set. A faulty request gets 400.
 */
export async function answerTestHook(
  issuer: Issuer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await runHook(issuer, request);
    send(response, answer === undefined ? 404 : 200, answer ?? { error: 'no such hook' });
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    send(response, 400, { error: error.message });
  }
}

async function runHook(issuer: Issuer, request: IncomingMessage): Promise<Table | undefined> {
  switch (`${request.method ?? ''} ${request.url ?? ''}`) {
    case 'POST /_local/tokens':
      return { access_token: await signToken(issuer, await readTable(request)) };
    case 'POST /_local/rotate':
      return { kid: (await issuer.rotate()).kid };
    case 'POST /_local/outage':
      return { mode: setOutage(issuer, await readTable(request)) };
    default:
      return undefined;
  }
}

async function signToken(issuer: Issuer, body: Table): Promise<string> {
  const header = { alg: 'RS256', typ: 'at+jwt', ...parseTable(body['header'] ?? {}, 'header') };
  const key = issuer.keys().find((candidate) => candidate.alg === header.alg);
  if (!key) throw new HookError('header.alg must be RS256 or ES256');
  const claims = parseTable(body['claims'], 'claims');
  return new SignJWT(claims)
    .setProtectedHeader({ kid: key.kid, ...header })
    .sign(await importJWK(key.jwk, key.alg));
}

function setOutage(issuer: Issuer, body: Table): Outage {
  const mode = outages.find((candidate) => candidate === body['mode']);
  if (!mode) throw new HookError('mode must be "ok", "500" or "hang"');
  issuer.setOutage(mode);
  return mode;
}

async function readTable(request: IncomingMessage): Promise<Table> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > maxBodyBytes) throw new HookError('the body is over 64 kB');
  }
  try {
    return parseTable(JSON.parse(text), 'the body');
  } catch (error) {
    if (error instanceof HookError) throw error;
    throw new HookError('the body must be a JSON object');
  }
}

function parseTable(value: unknown, where: string): Table {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HookError(`${where} must be a JSON object`);
  return value as Table;
}

function send(response: ServerResponse, status: number, body: Table): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
