import { randomUUID } from 'node:crypto';
import { parseCallerContext, type Caller } from '../identity/caller.ts';
import { chooseCorrelationId } from './correlation.ts';

/** A request as handlers see it: header names in lower case, path parameters decoded, the body as text. */
export interface ApiRequest {
  readonly correlationId: string;
  readonly requestId: string;
  /** API Gateway's own id of the request; null when the event has none. */
  readonly extendedRequestId: string | null;
  /** Path with the stage's prefix, as the caller sent it, for `instance`. */
  readonly path: string;
  /** Where the request came from and which route it took, as the gateway says. */
  readonly sourceIp: string | null;
  readonly httpMethod: string | null;
  readonly resourcePath: string | null;
  readonly caller: Caller | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /** Names of headers that were sent more than once, of which `headers` holds only the last. */
  readonly repeatedHeaders: ReadonlySet<string>;
  readonly query: ReadonlyMap<string, string>;
  readonly pathParameters: ReadonlyMap<string, string>;
  /** Undefined when there is none, and when it is no text. */
  readonly rawBody: string | undefined;
}

/** Reads an API Gateway proxy event of which nothing is assumed: any value gives a request. */
export function parseRequest(event: unknown): ApiRequest {
  const members = toMap(event);
  const context = toMap(members.get('requestContext'));
  const headers = toTextMap(members.get('headers'), (name) => name.toLowerCase());
  const repeatedHeaders = findRepeated(toMap(members.get('multiValueHeaders')));
  const certain = new Map([...headers].filter(([name]) => !repeatedHeaders.has(name)));
  return {
    correlationId: chooseCorrelationId(certain, randomUUID()),
    requestId: toText(context.get('requestId')) ?? 'unknown',
    extendedRequestId: toText(context.get('extendedRequestId')) ?? null,
    path: toText(members.get('path')) ?? '',
    sourceIp: toText(toMap(context.get('identity')).get('sourceIp')) ?? null,
    httpMethod: toText(members.get('httpMethod')) ?? null,
    resourcePath: toText(members.get('resource')) ?? null,
    caller: parseCallerContext(context.get('authorizer')),
    headers,
    repeatedHeaders,
    query: toTextMap(members.get('queryStringParameters')),
    pathParameters: decodeAll(toTextMap(members.get('pathParameters'))),
    rawBody: readBody(members),
  };
}

/** A REST API hands path parameters on as they were sent; one that is no percent-encoding is left out. */
function decodeAll(parameters: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...parameters].flatMap(([name, value]): [string, string][] => {
      const decoded = decode(value);
      return decoded === undefined ? [] : [[name, decoded]];
    }),
  );
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function findRepeated(multiValueHeaders: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const repeated = [...multiValueHeaders].filter(
    ([, values]) => Array.isArray(values) && values.length > 1,
  );
  return new Set(repeated.map(([name]) => name.toLowerCase()));
}

function readBody(members: ReadonlyMap<string, unknown>): string | undefined {
  const body = toText(members.get('body'));
  if (body === undefined || members.get('isBase64Encoded') !== true) return body;
  return decodeUtf8(Buffer.from(body, 'base64'));
}

/** Bytes that are no UTF-8 are no text: put right, two bodies would become one. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function toTextMap(
  value: unknown,
  rename: (name: string) => string = (name) => name,
): ReadonlyMap<string, string> {
  const entries = [...toMap(value)].flatMap(([name, member]): [string, string][] =>
    typeof member === 'string' ? [[rename(name), member]] : [],
  );
  return new Map(entries);
}

function toMap(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map();
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
