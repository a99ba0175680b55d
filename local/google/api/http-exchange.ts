import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ApiError } from './api-error.ts';

/** What a call answers: a status, headers and a body that becomes JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Reads a request's body. @throws ApiError when it is longer than the limit */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Request payload size exceeds the limit: ${maxBytes} bytes.`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Sends an answer as JSON. */
export function sendAnswer(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Returns the token of `Authorization: Bearer …`, or undefined when there is none. */
export function findBearerToken(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Returns the request's URL; its host has no meaning. @throws ApiError when it is not one */
export function parseTarget(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? '/', 'http://local.invalid');
  if (url === null) throw new ApiError('INVALID_ARGUMENT', 'The request target is not a URL.');
  return url;
}

/** Binds a server to a free port of loopback and returns its address. */
export function listenOnLoopback(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
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
