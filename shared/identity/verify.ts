import { compactVerify, type JWTVerifyGetKey } from 'jose';
import {
  JOSEAlgNotAllowed,
  JOSEError,
  JWKSNoMatchingKey,
  JWSSignatureVerificationFailed,
} from 'jose/errors';
import type { IssuerConfig } from '../config/issuers.ts';
import type { Caller } from './caller.ts';
import { toCaller } from './claimed-caller.ts';
import { digest } from './digest.ts';
import { createKeySource, type FetchKeySet } from './keys.ts';
import { TOKEN_KINDS } from './kinds/table.ts';
import { TokenRefusedError, type TokenEvidence } from './refusal.ts';
import { parseToken, type UnverifiedToken } from './token.ts';
import { checkValidity } from './validity.ts';

/** Turns an `Authorization` header into a caller. @throws TokenRefusedError, KeysUnavailableError. */
export type VerifyToken = (authorizationHeader: string | undefined) => Promise<Caller>;

/** What verification needs from outside. */
export interface VerifierOptions {
  readonly issuers: readonly IssuerConfig[];
  readonly fetchKeySet: FetchKeySet;
  readonly now: () => Date;
  /** Is told whenever a token is judged by keys that are older than they should be. */
  readonly reportStaleKeys: (issuerName: string, ageSeconds: number) => void;
}

interface TrustedIssuer {
  readonly config: IssuerConfig;
  readonly keys: JWTVerifyGetKey;
}

/**
 * Makes the verifier for the configured issuers: each has its own keys, audience, algorithms and claims, and is looked
 * up by the exact `iss` value. Source: RFC 8725 sections 3.1, 3.8 to 3.12; RFC 9068 section 4.
 */
export function createVerifier(options: VerifierOptions): VerifyToken {
  const trusted = new Map<string, TrustedIssuer>();
  for (const config of options.issuers) {
    const reportStale = (ageSeconds: number): void => {
      options.reportStaleKeys(config.name, ageSeconds);
    };
    const keys = createKeySource({ ...options, jwksUri: config.jwksUri, reportStale });
    trusted.set(config.issuer, { config, keys });
  }
  return async (authorizationHeader) => {
    const token = parseToken(authorizationHeader);
    const issuer = trusted.get(token.issuer);
    try {
      if (issuer === undefined) throw new TokenRefusedError('unknown_issuer');
      checkType(token, issuer.config);
      await checkSignature(token.rawToken, issuer);
      const expiresAt = checkValidity(token.claims, issuer.config, options.now());
      const fingerprint = (): string => makeFingerprint(token.rawToken);
      return toCaller(token.claims, { issuer: issuer.config, expiresAt, fingerprint });
    } catch (error) {
      if (!(error instanceof TokenRefusedError)) throw error;
      throw error.about(describeToken(token, issuer?.config));
    }
  };
}

/** `application/` may be left out, and case does not count. Source: RFC 7515 section 4.1.9. */
function checkType({ header }: UnverifiedToken, { kind }: IssuerConfig): void {
  const value = header.get('typ');
  const type = typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : null;
  const isText = typeof value === 'string' || !header.has('typ');
  if (!isText || !TOKEN_KINDS[kind].types.includes(type))
    throw new TokenRefusedError('wrong_type', { claim: 'typ' });
}

/** What jose verifies are the very characters that the claims were read from, so they are verified from here on. */
async function checkSignature(rawToken: string, { config, keys }: TrustedIssuer): Promise<void> {
  try {
    await compactVerify(rawToken, keys, { algorithms: [...config.algorithms] });
  } catch (error) {
    if (!(error instanceof JOSEError)) throw error;
    throw toRefusal(error);
  }
}

function toRefusal(cause: JOSEError): TokenRefusedError {
  if (cause instanceof JWSSignatureVerificationFailed)
    return new TokenRefusedError('bad_signature', { cause });
  if (cause instanceof JOSEAlgNotAllowed)
    return new TokenRefusedError('algorithm_not_allowed', { claim: 'alg', cause });
  if (cause instanceof JWKSNoMatchingKey)
    return new TokenRefusedError('unknown_key', { claim: 'kid', cause });
  return new TokenRefusedError('malformed_token', { cause });
}

/** Names a token that has no id. What is signed is hashed, not the signature, of which several may be good. */
function makeFingerprint(rawToken: string): string {
  return `sha256:${hash(rawToken.slice(0, rawToken.lastIndexOf('.')), 32)}`;
}

function describeToken(token: UnverifiedToken, issuer: IssuerConfig | undefined): TokenEvidence {
  const algorithm = token.header.get('alg');
  const toHash = (claim: string): string | null => {
    const value = token.claims.get(claim);
    return typeof value === 'string' ? hash(value, 16) : null;
  };
  return {
    issuerName: issuer?.name ?? null,
    keyId: token.keyId,
    algorithm: typeof algorithm === 'string' && /^\w{1,12}$/.test(algorithm) ? algorithm : null,
    subjectHash: toHash('sub'),
    tokenIdHash: toHash('jti'),
  };
}

function hash(text: string, digits: number): string {
  return digest(text).toString('hex').slice(0, digits);
}
