import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 256 * 1024;
const MOST_SHOWN = 200;

/**
 * Reads where an issuer publishes its keys. Its metadata must name it exactly as `url` does: another spelling would be
 * another issuer to a token. Source: OpenID Connect Discovery 1.0 section 4; RFC 8414 section 3.
 * @throws StackFailure that says what to do
 */
export async function discoverJwksUri(url: string, signal?: AbortSignal): Promise<string> {
  requireSafe(url, 'url');
  for (const address of toMetadataAddresses(url)) {
    const metadata = await readMetadata(address, signal);
    if (metadata !== undefined) return readJwksUri(metadata, { url, address });
  }
  throw fault(
    `${url} is no issuer: neither /.well-known/openid-configuration nor /.well-known/oauth-authorization-server has its metadata; give it as its tokens name it in "iss"`,
  );
}

function toMetadataAddresses(url: string): readonly string[] {
  const { origin, pathname } = new URL(url);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

type Fields = ReadonlyMap<string, unknown>;

/** Undefined when there is nothing of the kind at the address. */
async function readMetadata(address: string, outer?: AbortSignal): Promise<Fields | undefined> {
  const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(outer === undefined ? [] : [outer])];
  try {
    const response = await fetch(address, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.any(limits),
    });
    const text = await readText(response, address);
    return response.status === 200 ? parseObject(text) : undefined;
  } catch (cause) {
    if (cause instanceof StackFailure) throw cause;
    outer?.throwIfAborted();
    throw fault(`${address} does not answer (${describe(cause)}): check the address`, cause);
  }
}

async function readText(response: Response, address: string): Promise<string> {
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw fault(`${address} answers more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseObject(text: string): Fields | undefined {
  try {
    const fields = toFields(JSON.parse(text));
    return fields.has('issuer') ? fields : undefined;
  } catch {
    return undefined;
  }
}

function readJwksUri(
  metadata: Fields,
  { url, address }: { readonly url: string; readonly address: string },
): string {
  const issuer = metadata.get('issuer');
  if (issuer !== url) {
    throw fault(
      `${address} is the metadata of ${show(issuer)}, not of ${url}: give url as it is there`,
    );
  }
  const jwksUri = metadata.get('jwks_uri');
  if (typeof jwksUri !== 'string') throw fault(`${address} names no jwks_uri, so no keys`);
  requireSafe(jwksUri, 'jwks_uri');
  return jwksUri;
}

/** Plain http could be answered by anyone but on this machine. */
function requireSafe(url: string, name: string): void {
  const parsed = URL.parse(url);
  // The deploy tool reads `${…}` in a parameter as a reference, to a file for instance.
  if (/[${}\s]/.test(url))
    throw fault(`${name} holds characters that no address has: ${show(url)}`);
  const isLoopback = parsed?.protocol === 'http:' && parsed.hostname === '127.0.0.1';
  if (parsed?.protocol === 'https:' || isLoopback) return;
  throw fault(`${name} must be an https address, or http on 127.0.0.1, not ${show(url)}`);
}

/** What a stranger sent is shown short and on one line. */
function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, MOST_SHOWN);
}

function describe(cause: unknown): string {
  if (cause instanceof Error && cause.name === 'TimeoutError') return `after ${TIMEOUT_MS} ms`;
  const inner = cause instanceof Error ? cause.cause : undefined;
  const code = toFields(inner).get('code');
  return typeof code === 'string' ? code : 'no connection';
}

function fault(sentence: string, cause?: unknown): StackFailure {
  return new StackFailure(`--issuer: ${sentence}.`, [], { cause });
}
