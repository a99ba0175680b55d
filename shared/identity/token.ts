import { isUtf8 } from 'node:buffer';
import { TokenRefusedError } from './refusal.ts';
import { hasUniqueMembers } from '../config/unique-members.ts';

/** A token that has the strict form, and of which nothing is verified. */
export interface UnverifiedToken {
  readonly rawToken: string;
  readonly header: ReadonlyMap<string, unknown>;
  readonly claims: ReadonlyMap<string, unknown>;
  readonly keyId: string;
  readonly issuer: string;
}

const MAX_HEADER_CHARACTERS = 16_384;
const BEARER = /^Bearer ([^\s]+)$/i;
const COMPACT = /^([A-Za-z0-9_-]{2,4096})\.([A-Za-z0-9_-]{2,12288})\.[A-Za-z0-9_-]{16,1024}$/;
const KEY_ID = /^[\w.\-:+/=]{1,256}$/;
const FORBIDDEN_PARAMETERS = ['crit', 'b64', 'zip', 'jku', 'x5u', 'jwk', 'x5c'];

/**
 * Reads a token before any crypto: one Bearer header, strictly compact, a header that asks for nothing unusual, no
 * member twice. Source: RFC 6750 section 2.1, RFC 8725 section 3. @throws TokenRefusedError.
 */
export function parseToken(authorizationHeader: string | undefined): UnverifiedToken {
  const rawToken = readBearer(authorizationHeader);
  const { rawHeader, rawPayload } = splitCompact(rawToken);
  const header = parseHeader(rawHeader);
  const keyId = header.get('kid');
  if (typeof keyId !== 'string' || !KEY_ID.test(keyId)) {
    throw new TokenRefusedError('unknown_key', { claim: 'kid' });
  }
  const claims = decodeObject(rawPayload);
  const issuer = claims.get('iss');
  if (typeof issuer !== 'string') throw new TokenRefusedError('unknown_issuer');
  return { rawToken, header, claims, keyId, issuer };
}

/** Splits a token that is strictly compact. Source: RFC 7515 section 3.1. @throws TokenRefusedError. */
export function splitCompact(rawToken: string): { rawHeader: string; rawPayload: string } {
  const [, rawHeader, rawPayload] = COMPACT.exec(rawToken) ?? [];
  const isStrict = rawToken.split('.').every(isCanonical);
  if (rawHeader === undefined || rawPayload === undefined || !isStrict) {
    throw new TokenRefusedError('malformed_token');
  }
  return { rawHeader, rawPayload };
}

/** Reads a header that asks for nothing unusual. Source: RFC 7515 section 4.1. @throws TokenRefusedError. */
export function parseHeader(rawHeader: string): ReadonlyMap<string, unknown> {
  const header = decodeObject(rawHeader);
  const forbidden = FORBIDDEN_PARAMETERS.find((name) => header.has(name));
  if (forbidden === undefined) return header;
  throw new TokenRefusedError('forbidden_header_parameter', { claim: forbidden });
}

function readBearer(header: string | undefined): string {
  if (header === undefined || header.length > MAX_HEADER_CHARACTERS) {
    throw new TokenRefusedError('malformed_header');
  }
  const rawToken = BEARER.exec(header)?.[1];
  if (rawToken === undefined) throw new TokenRefusedError('malformed_header');
  return rawToken;
}

/**
 * One token has one spelling: of 6 bits that the last character stands for, those that are left over are zero.
 * Source: RFC 4648 section 3.5.
 */
function isCanonical(segment: string): boolean {
  const last = segment.slice(-1);
  const leftOver = segment.length % 4;
  if (leftOver === 2) return 'AQgw'.includes(last);
  if (leftOver === 3) return 'AEIMQUYcgkosw048'.includes(last);
  return leftOver === 0;
}

function decodeObject(segment: string): ReadonlyMap<string, unknown> {
  const bytes = Buffer.from(segment, 'base64url');
  const json = isUtf8(bytes) ? bytes.toString('utf8') : '';
  const value = parseJson(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TokenRefusedError('malformed_token');
  }
  if (!hasUniqueMembers(json)) throw new TokenRefusedError('repeated_member');
  return new Map(Object.entries(value));
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new TokenRefusedError('malformed_token', { cause: error });
  }
}
