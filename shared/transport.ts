import type {
  Agent,
  ClientRequest,
  IncomingMessage,
  request as httpRequest,
  RequestOptions,
} from 'node:http';

/** One HTTP request; `deadline` bounds the whole exchange, `maxBytes` the answer's body. */
export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly deadline: Date;
  readonly maxBytes: number;
}

/** An answer read to its end; header names are lower-case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Why there is no answer; `refused` alone means that the request cannot have been acted on. */
export type TransportFailure = 'refused' | 'timeout' | 'cut' | 'too_large';

/** The exchange failed: nothing is known of what the other side did, unless `kind` is `refused`. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: TransportFailure;

  constructor(kind: TransportFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** Sends one request. @throws TransportError. */
export type Send = (request: HttpRequest) => Promise<HttpResponse>;

const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Makes a sender over node:https with connections kept alive; node:http serves loopback only, which config.ts holds.
 * Redirects are not followed, so a credential never travels to a place that was not asked for.
 * The modules are taken as they are and when they are first needed: an import of node:http would read each of its
 * exports, and so load all of WebSocket and fetch, a third of what the first answer takes.
 * A kept connection that the other side had closed meanwhile (a frozen Lambda does not notice) is replaced once; so a
 * request may arrive twice, which every caller's idempotency key or condition must bear.
 */
export function createSend(now: () => Date): Send {
  const agents = new Map<string, Agent>();
  return async (request) => {
    const url = new URL(request.url);
    const { protocol } = url;
    const module = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
    let agent = agents.get(protocol);
    agent ??= new module.Agent({ keepAlive: true, maxSockets: 50 });
    agents.set(protocol, agent);
    try {
      return await exchange(request, { url, module, agent, now });
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return exchange(request, { url, module, agent: false, now });
    }
  };
}

/** A kept connection turned out to be closed before any answer came. */
class StaleConnectionError extends TransportError {}

interface Connection {
  readonly url: URL;
  readonly module: { readonly request: typeof httpRequest };
  readonly agent: Agent | false;
  readonly now: () => Date;
}

function exchange(request: HttpRequest, connection: Connection): Promise<HttpResponse> {
  const { url, module, agent, now } = connection;
  const remainingMs = request.deadline.getTime() - now().getTime();
  if (remainingMs <= 0) {
    throw new TransportError('refused', 'no time was left to send the request');
  }
  return new Promise((resolve, reject) => {
    const { method, headers } = request;
    const outgoing = module.request({ ...toAddress(url), method, headers, agent }, (incoming) => {
      readAnswer(incoming, request.maxBytes).then(resolve, reject);
    });
    watch(outgoing, remainingMs, reject);
    outgoing.end(request.body);
  });
}

/** An IPv6 address stands in brackets in a URL only. */
function toAddress({ protocol, hostname, port, pathname, search }: URL): RequestOptions {
  return {
    protocol,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: `${pathname}${search}`,
  };
}

function watch(
  outgoing: ClientRequest,
  remainingMs: number,
  reject: (error: TransportError) => void,
): void {
  const timer = setTimeout(() => {
    reject(new TransportError('timeout', 'no answer in time'));
    outgoing.destroy();
  }, remainingMs);
  outgoing.once('close', () => {
    clearTimeout(timer);
  });
  outgoing.once('error', (error) => {
    const code = 'code' in error ? String(error.code) : '';
    const kind = NEVER_SENT.has(code) ? 'refused' : 'cut';
    const stale = outgoing.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
    const Failure = stale ? StaleConnectionError : TransportError;
    reject(new Failure(kind, `the connection failed (${code})`, error));
  });
}

async function readAnswer(incoming: IncomingMessage, maxBytes: number): Promise<HttpResponse> {
  const body = await readBody(incoming, maxBytes);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  return { status: incoming.statusCode ?? 0, headers, body };
}

/** Listens to the stream itself: iterating over it takes several times as long. */
function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      reject(new TransportError('too_large', `more than ${maxBytes} bytes`));
      incoming.destroy();
    });
    incoming.once('end', () => {
      resolve(Buffer.concat(chunks));
    });
    incoming.once('error', (error) => {
      reject(new TransportError('cut', 'the answer was cut off', error));
    });
  });
}

/** Reads an answer's body as a JSON object; an empty map when it is none. */
export function parseJsonObject(body: Uint8Array): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof value !== 'object' || value === null) return new Map();
    return new Map(Object.entries(value));
  } catch (error) {
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}
