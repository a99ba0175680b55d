import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { ApiError } from './api-error.ts';

/** What a call answers: a status, headers and a body that becomes JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The refusal of a body that is longer than the limit. */
export class PayloadTooLong extends ApiError {
  constructor(maxBytes: number) {
    super('INVALID_ARGUMENT', `Request payload size exceeds the limit: ${maxBytes} bytes.`);
  }
}

/** Reads a request's body; every part is let in before it is kept. @throws PayloadTooLong */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  letIn: (bytes: number) => void = () => undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const parts = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of parts) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new PayloadTooLong(maxBytes);
      letIn(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    // A client that still writes when the connection closes would not see the answer.
    if (!request.destroyed) await finished(request.resume());
    throw error;
  }
  return Buffer.concat(chunks);
}

/** Sends an answer as JSON; a cut one ends in the middle of its body. */
export async function sendAnswer(
  response: ServerResponse,
  { status, body, headers }: Answer,
  { cut = false }: SendOptions = {},
): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=UTF-8',
    'content-length': bytes.length,
  });
  if (cut) await sendHalf(response, [bytes], bytes.length);
  else response.end(bytes);
}

/** The way back to the caller of an HTTP request. */
export class ResponseLine {
  readonly #response: ServerResponse;
  /** Whether the connection shall break in the middle of the answer. */
  isCut = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#response.destroy();
  }

  /** Makes the connection break in the middle of the answer. */
  cut(): void {
    this.isCut = true;
  }
}

/** How an answer is sent. */
export interface SendOptions {
  /** Whether the connection breaks in the middle of the body. */
  readonly cut?: boolean;
}

/** Sends half of a body after its headers, and breaks the connection. */
export async function sendHalf(
  response: ServerResponse,
  body: Iterable<Buffer> | AsyncIterable<Buffer>,
  length: number,
): Promise<void> {
  response.flushHeaders();
  let left = Math.ceil(length / 2);
  for await (const chunk of body) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    await new Promise((resolve) => response.write(part, resolve));
    if (left <= 0 || response.destroyed) break;
  }
  response.destroy();
}

/** Returns the token of `Authorization: Bearer …`, or undefined when there is none. */
export function findBearerToken(request: IncomingMessage): string | undefined {
  return parseBearer(request.headers.authorization);
}

/** Returns the token of the value `Bearer …`, or undefined when it is no such value. */
export function parseBearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** Returns the request's URL; its host has no meaning. @throws ApiError when it is not one */
export function parseTarget(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? '/', 'http://local.invalid');
  if (url === null) throw new ApiError('INVALID_ARGUMENT', 'The request target is not a URL.');
  return url;
}

/**
 * Binds a server to a port of loopback, a free one for 0, and returns its address. Rejects with a
 * sentence when the port is taken.
 */
export function listenOnLoopback(server: Server, port = 0): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      reject(taken ? new Error(`the port ${port} of 127.0.0.1 is taken`) : error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null)
        resolve(`http://127.0.0.1:${address.port}`);
      else reject(new Error('the server has no port'));
    });
  });
}

/** Stops a server at once, open connections included. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
