import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { sendHalf, type SendOptions } from '../api/http-exchange.ts';

/** What the storage front answers; a stream is the content of an object. */
export interface StorageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | IncomingMessage;
}

/** The names by which calls of the storage front are counted, and made to fail. */
export const storageMethods = [
  ...(['storage.objects.get', 'storage.objects.list', 'storage.objects.insert'] as const),
  ...(['storage.objects.delete', 'storage.objects.other'] as const),
  ...(['storage.buckets.get', 'storage.buckets.list'] as const),
  ...(['signedUrl.get', 'signedUrl.put', 'signedUrl.other'] as const),
] as const;

/** A call of the storage front that has found its method. */
export interface StorageCall {
  readonly rpc: (typeof storageMethods)[number];
  /** A list of objects lags behind by so much. */
  readonly run: (lagMs: number) => Promise<StorageAnswer>;
}

const contentHeaders = [
  'content-type',
  'content-length',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
  'x-goog-generation',
  'x-goog-hash',
  'x-goog-stored-content-encoding',
];

/** Answers with an object's content. */
export function toContentAnswer(content: IncomingMessage): StorageAnswer {
  const headers = contentHeaders.flatMap((name) => {
    const value = content.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return { status: content.statusCode ?? 200, headers: Object.fromEntries(headers), body: content };
}

/** Answers with JSON text. */
export function toJsonAnswer(text: string): StorageAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: text,
  };
}

/** Sends an answer, a cut one in part; the client may leave before its end. */
export async function sendStorageAnswer(
  response: ServerResponse,
  { status, headers, body }: StorageAnswer,
  { cut = false }: SendOptions = {},
): Promise<void> {
  if (typeof body === 'string') {
    const bytes = Buffer.from(body);
    const length = status === 204 ? {} : { 'content-length': bytes.length };
    response.writeHead(status, { ...headers, ...length });
    if (cut) await sendHalf(response, [bytes], bytes.length);
    else response.end(bytes);
    return;
  }
  if (response.destroyed) {
    body.destroy();
    return;
  }
  response.writeHead(status, headers);
  if (cut) await sendHalf(response, body, Number(headers['content-length'] ?? 0));
  else await pipeline(body, response);
}
