import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { IssuerConfig } from '../config.ts';
import type { Caller } from './caller.ts';
import { createKeySource, type FetchKeySet } from './keys.ts';

/** Why a token was refused; for the audit line, never for the caller. */
export type RefusalReason =
  | 'malformed_header'
  | 'malformed_token'
  | 'unknown_issuer'
  | 'forbidden_header_parameter'
  | 'unknown_key'
  | 'bad_signature'
  | 'expired'
  | 'claim_invalid'
  | 'lifetime_too_long'
  | 'claims_too_large'
  | 'identity_token';

/** A token that is not acceptable; becomes 401. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** Turns an `Authorization` header into a caller. @throws TokenRefusedError, KeysUnavailableError. */
export type VerifyToken = (authorizationHeader: string | undefined) => Promise<Caller>;

/** What verification needs from outside. */
export interface VerifierOptions {
  readonly issuers: readonly IssuerConfig[];
  readonly fetchKeySet: FetchKeySet;
  readonly now: () => Date;
}

interface TrustedIssuer {
  readonly config: IssuerConfig;
  readonly keys: JWTVerifyGetKey;
}

/** Seconds. Tolerance ≤ 60 and the maximum age come from docs/architecture.md. */
export const TOKEN_TIMES = {
  leewaySeconds: 30,
  maxAgeSeconds: 4 * 3600,
  maxLifetimeSeconds: 24 * 3600,
} as const;

const MAX_HEADER_CHARACTERS = 16_384;
const BEARER = /^Bearer ([^\s]+)$/i;
const COMPACT = /^([A-Za-z0-9_-]{2,4096})\.([A-Za-z0-9_-]{2,12288})\.[A-Za-z0-9_-]{16,1024}$/;
const KEY_ID = /^[\w.\-:+/=]{1,256}$/;
const FORBIDDEN_PARAMETERS = ['crit', 'b64', 'zip', 'jku', 'x5u', 'jwk', 'x5c'];
const IDENTITY_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];

/**
 * Makes the verifier for the configured issuers: each has its own keys, audience and algorithms, looked up by the
 * exact `iss` value. Source: RFC 8725 sections 3.1, 3.8, 3.12; RFC 9068 section 4.
 */
export function createVerifier(options: VerifierOptions): VerifyToken {
  const trusted = new Map<string, TrustedIssuer>();
  for (const config of options.issuers) {
    const keys = createKeySource({ ...options, jwksUri: config.jwksUri });
    trusted.set(config.issuer, { config, keys });
  }
  return async (authorizationHeader) => {
    const rawToken = readBearer(authorizationHeader);
    const unverified = decomposeUnverified(rawToken);
    const issuer = trusted.get(unverified.issuer);
    if (issuer === undefined) throw new TokenRefusedError('unknown_issuer');
    const payload = await verifySignature(rawToken, issuer, options.now());
    return toCaller(payload);
  };
}

function readBearer(header: string | undefined): string {
  if (header === undefined || header.length > MAX_HEADER_CHARACTERS) {
    throw new TokenRefusedError('malformed_header');
  }
  const rawToken = BEARER.exec(header)?.[1];
  if (rawToken === undefined) throw new TokenRefusedError('malformed_header');
  return rawToken;
}

/** Reads the issuer before any crypto, from a strictly compact token whose header asks for nothing unusual. */
function decomposeUnverified(rawToken: string): { readonly issuer: string } {
  const [, rawHeader, rawPayload] = COMPACT.exec(rawToken) ?? [];
  if (rawHeader === undefined || rawPayload === undefined) {
    throw new TokenRefusedError('malformed_token');
  }
  if (!rawToken.split('.').every(isCanonical)) throw new TokenRefusedError('malformed_token');
  const header = decodeObject(rawHeader);
  if (FORBIDDEN_PARAMETERS.some((name) => header.has(name))) {
    throw new TokenRefusedError('forbidden_header_parameter');
  }
  const keyId = header.get('kid');
  if (typeof keyId !== 'string' || !KEY_ID.test(keyId)) throw new TokenRefusedError('unknown_key');
  const issuer = decodeObject(rawPayload).get('iss');
  if (typeof issuer !== 'string') throw new TokenRefusedError('unknown_issuer');
  return { issuer };
}

/** One token has one spelling: unused bits of the last character are zero. Source: RFC 4648 section 3.5. */
function isCanonical(segment: string): boolean {
  return Buffer.from(segment, 'base64url').toString('base64url') === segment;
}

function decodeObject(segment: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new TokenRefusedError('malformed_token');
    }
    return new Map(Object.entries(value));
  } catch (error) {
    if (error instanceof TokenRefusedError) throw error;
    throw new TokenRefusedError('malformed_token', error);
  }
}

async function verifySignature(
  rawToken: string,
  issuer: TrustedIssuer,
  now: Date,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(rawToken, issuer.keys, {
      issuer: issuer.config.issuer,
      audience: issuer.config.audience,
      algorithms: [...issuer.config.algorithms],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
      maxTokenAge: TOKEN_TIMES.maxAgeSeconds,
      clockTolerance: TOKEN_TIMES.leewaySeconds,
      currentDate: now,
    });
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new TokenRefusedError(toReason(error), error);
  }
}

function toReason(error: errors.JOSEError): RefusalReason {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return 'claim_invalid';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown_key';
  return 'malformed_token';
}

/** Checks what jose does not type and maps RFC 9068 claims. */
function toCaller(verifiedClaims: JWTPayload): Caller {
  const claims = new Map<string, unknown>(Object.entries(verifiedClaims));
  if (IDENTITY_TOKEN_CLAIMS.some((name) => claims.has(name))) {
    throw new TokenRefusedError('identity_token');
  }
  const expiresAtSeconds = readSeconds(claims.get('exp'));
  const issuedAtSeconds = readSeconds(claims.get('iat'));
  if (expiresAtSeconds - issuedAtSeconds > TOKEN_TIMES.maxLifetimeSeconds) {
    throw new TokenRefusedError('lifetime_too_long');
  }
  const caller: Caller = {
    issuer: readName(claims.get('iss')),
    subject: readName(claims.get('sub')),
    client: readName(claims.get('client_id')),
    actor: readActor(claims.get('act')),
    scopes: readScopes(claims.get('scope')),
    groups: readNames(claims.get('groups')),
    roles: readNames(claims.get('roles')),
    tokenId: readName(claims.get('jti')),
    expiresAt: new Date(expiresAtSeconds * 1000),
  };
  const lists = JSON.stringify([caller.scopes, caller.groups, caller.roles]);
  if (lists.length > MAX_LISTS_CHARACTERS) throw new TokenRefusedError('claims_too_large');
  return caller;
}

/** Characters of scopes, groups and roles together: they travel in the authorizer's context on every request. */
const MAX_LISTS_CHARACTERS = 8_192;

function readSeconds(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new TokenRefusedError('claim_invalid');
  return value;
}

function readName(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 256) {
    throw new TokenRefusedError('claim_invalid');
  }
  return value;
}

function readActor(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null || !('sub' in value)) {
    throw new TokenRefusedError('claim_invalid');
  }
  return readName(value.sub);
}

function readScopes(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (typeof value !== 'string') throw new TokenRefusedError('claim_invalid');
  return value.split(' ').filter((scope) => scope !== '');
}

const MAX_NAMES = 100;

function readNames(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_NAMES)
    throw new TokenRefusedError('claim_invalid');
  return value.map(readName);
}
