import { createHash, type KeyObject, verify } from 'node:crypto';
import { decodeUrlText } from '../api/url-text.ts';
import { StorageError } from './storage-error.ts';
import type { StorageUri } from '../storage-uri.ts';

const algorithm = 'GOOG4-RSA-SHA256';
const maxExpiresSeconds = 7 * 24 * 3600;
/** How far a signer's clock may be ahead. */
const skewMs = 15 * 60 * 1000;

type Parameter =
  | 'X-Goog-Algorithm'
  | 'X-Goog-Credential'
  | 'X-Goog-Date'
  | 'X-Goog-Expires'
  | 'X-Goog-SignedHeaders'
  | 'X-Goog-Signature';

/** A request that claims to be allowed by the signature in its URL. */
interface SignedUrlRequest {
  readonly method: string;
  /** Path and query as they came, still encoded. */
  readonly target: string;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
}

/** What a signature is checked with. */
interface SignedUrlCheck {
  readonly now: Date;
  readonly findPublicKey: (email: string) => KeyObject | undefined;
}

/** Who signed, and for what. */
export interface SignedAccess {
  readonly email: string;
  readonly object: StorageUri;
}

/**
 * Verifies a V4 signed URL to the last bit: algorithm, scope, time, signed headers and signature.
 * Source: https://cloud.google.com/storage/docs/authentication/canonical-requests
 * @throws StorageError
 */
export function verifySignedUrl(request: SignedUrlRequest, check: SignedUrlCheck): SignedAccess {
  const [path = '', rawQuery = ''] = splitOnce(request.target, '?');
  const query = parseQuery(rawQuery);
  const values = readParameters(query);
  const { email, date, scope } = parseCredential(values['X-Goog-Credential']);
  checkTime(values, date, check.now);
  const names = parseSignedHeaders(values['X-Goog-SignedHeaders'], request.headers);
  const key = check.findPublicKey(email);
  const signature = values['X-Goog-Signature'];
  const holds =
    key !== undefined &&
    /^(?:[0-9a-f]{2})+$/i.test(signature) &&
    possibleHosts(request.headers['host']).some((host) => {
      const canonical = canonicalRequest(request, names, { path, query, host });
      const digest = createHash('sha256').update(canonical).digest('hex');
      const text = [algorithm, values['X-Goog-Date'], scope, digest].join('\n');
      return verify('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'hex'));
    });
  if (!holds) throw signatureDoesNotMatch();
  return { email, object: parseObjectPath(path) };
}

function canonicalRequest(
  { method, headers }: SignedUrlRequest,
  signedHeaders: readonly string[],
  target: { readonly path: string; readonly query: Query; readonly host: string },
): string {
  const lines = signedHeaders.map(
    (name) => `${name}:${name === 'host' ? target.host : toCanonical(headers[name])}`,
  );
  return [
    method,
    canonicalPath(target.path),
    canonicalQuery(target.query),
    ...lines,
    '',
    signedHeaders.join(';'),
    payloadHash(signedHeaders, headers),
  ].join('\n');
}

/** Parses the path `/bucket/object` of the XML API. @throws StorageError */
export function parseObjectPath(path: string): StorageUri {
  const [, bucket, name] = /^\/([a-z0-9][a-z0-9._-]+)\/(.+)$/.exec(path) ?? [];
  if (bucket === undefined || name === undefined)
    throw new StorageError('NotImplemented', 'Only requests on an object are implemented.');
  return { bucket, name: decode(name) };
}

type Query = readonly (readonly [name: string, value: string])[];

function parseQuery(rawQuery: string): Query {
  const pieces = rawQuery.split('&').filter((piece) => piece !== '');
  return pieces.map((piece) => {
    const [name = '', value = ''] = splitOnce(piece, '=');
    return [decode(name), decode(value)];
  });
}

function readParameters(query: Query): Readonly<Record<Parameter, string>> {
  const read = (wanted: Parameter): string => {
    const found = query.filter(([name]) => name === wanted);
    const value = found[0]?.[1] ?? '';
    if (found.length === 1 && value !== '') return value;
    throw badParameter(`${wanted} must be there exactly once.`);
  };
  const values = {
    'X-Goog-Algorithm': read('X-Goog-Algorithm'),
    'X-Goog-Credential': read('X-Goog-Credential'),
    'X-Goog-Date': read('X-Goog-Date'),
    'X-Goog-Expires': read('X-Goog-Expires'),
    'X-Goog-SignedHeaders': read('X-Goog-SignedHeaders'),
    'X-Goog-Signature': read('X-Goog-Signature'),
  };
  if (values['X-Goog-Algorithm'] !== algorithm)
    throw badParameter(`X-Goog-Algorithm must be ${algorithm}.`);
  return values;
}

function parseCredential(credential: string): { email: string; date: string; scope: string } {
  const match = /^([^/]+)\/((\d{8})\/[a-z0-9-]+\/storage\/goog4_request)$/.exec(credential);
  const [, email, scope, date] = match ?? [];
  if (email === undefined || scope === undefined || date === undefined)
    throw badParameter('X-Goog-Credential must be ACCOUNT/DATE/LOCATION/storage/goog4_request.');
  return { email, date, scope };
}

function checkTime(values: Readonly<Record<Parameter, string>>, date: string, now: Date): void {
  const [, year, month, day, time] =
    /^(\d{4})(\d\d)(\d\d)(T\d{6}Z)$/.exec(values['X-Goog-Date']) ?? [];
  const clock = (time ?? '').replace(/^T(\d\d)(\d\d)(\d\d)Z$/, 'T$1:$2:$3Z');
  const startMs = Date.parse(`${year ?? ''}-${month ?? ''}-${day ?? ''}${clock}`);
  if (Number.isNaN(startMs) || !values['X-Goog-Date'].startsWith(date))
    throw badParameter('X-Goog-Date must be like 20261121T140000Z, of the day of the credential.');
  const expires = values['X-Goog-Expires'];
  const seconds = /^\d{1,6}$/.test(expires) ? Number(expires) : 0;
  if (seconds < 1 || seconds > maxExpiresSeconds)
    throw badParameter(`X-Goog-Expires must be from 1 to ${maxExpiresSeconds} seconds.`);
  const endMs = startMs + seconds * 1000;
  if (startMs > now.getTime() + skewMs)
    throw new StorageError('AccessDenied', 'Access denied.', 'The request is not yet valid.');
  if (endMs < now.getTime())
    throw new StorageError(
      'ExpiredToken',
      'Invalid argument.',
      `The provided token has expired. Request signature expired at: ${new Date(endMs).toISOString()}`,
    );
}

function parseSignedHeaders(text: string, headers: SignedUrlRequest['headers']): readonly string[] {
  const names = text.split(';');
  const sorted = [...new Set(names)].sort();
  if (names.join() !== sorted.join() || names.some((name) => name !== name.toLowerCase()))
    throw badParameter(
      'X-Goog-SignedHeaders must be sorted, in lower case and without repetition.',
    );
  if (!names.includes('host')) throw badParameter('X-Goog-SignedHeaders must include host.');
  for (const name of names)
    if (headers[name] === undefined)
      throw malformed(name, 'Header was included in signedheaders, but not in the request.');
  for (const name of Object.keys(headers))
    if (name.startsWith('x-goog-') && !names.includes(name))
      throw malformed(name, 'Header was not included in signedheaders.');
  return names;
}

function payloadHash(
  signedHeaders: readonly string[],
  headers: SignedUrlRequest['headers'],
): string {
  const name = 'x-goog-content-sha256';
  return signedHeaders.includes(name) ? toCanonical(headers[name]) : 'UNSIGNED-PAYLOAD';
}

function canonicalPath(path: string): string {
  return path
    .split('/')
    .map((segment) => encode(decode(segment)))
    .join('/');
}

function canonicalQuery(query: Query): string {
  const pairs = query
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.sort().join('&');
}

/** Google's own libraries sign a local host without its port. */
function possibleHosts(values: readonly string[] | undefined): readonly string[] {
  const host = toCanonical(values);
  return [host, host.replace(/:\d+$/, '')];
}

function toCanonical(values: readonly string[] | undefined): string {
  return (values ?? []).map((value) => value.trim().replaceAll(/\s+/g, ' ')).join(',');
}

/** RFC 3986: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decode(text: string): string {
  const decoded = decodeUrlText(text);
  if (decoded !== undefined) return decoded;
  throw new StorageError('InvalidArgument', 'Invalid argument.', 'The URL is not well encoded.');
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function signatureDoesNotMatch(): StorageError {
  return new StorageError(
    'SignatureDoesNotMatch',
    'Access denied.',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your Google secret key and signing method.',
  );
}

function badParameter(details: string): StorageError {
  return new StorageError('AuthorizationQueryParametersError', 'Invalid argument.', details);
}

function malformed(header: string, reason: string): StorageError {
  const message = 'Your request has a malformed header.';
  return new StorageError('MalformedSecurityHeader', message, `${header}: ${reason}`);
}
