import type { IssuerConfig } from '../config/issuers.ts';
import { LEEWAY_SECONDS } from './caller.ts';
import { readSeconds, refuseClaim, type Claims } from './claims.ts';
import { TOKEN_KINDS } from './kinds/table.ts';
import { TokenRefusedError } from './refusal.ts';

/** Seconds from `iat` to `exp`: a token that is meant to live longer is a password. */
const MAX_LIFETIME_SECONDS = 24 * 3600;

/**
 * Checks that a token is for this service and for now: required claims, audience, times, age and lifetime. Returns
 * when it ends, by `exp` or by age, whichever is first. Source: RFC 7519 section 4.1, RFC 9068 section 4. @throws TokenRefusedError.
 */
export function checkValidity(verifiedClaims: Claims, issuer: IssuerConfig, now: Date): Date {
  const kind = TOKEN_KINDS[issuer.kind];
  for (const claim of ['sub', ...kind.requiredClaims]) {
    if (!verifiedClaims.has(claim)) throw refuseClaim(claim);
  }
  if (kind.needsAudience || verifiedClaims.has('aud')) checkAudience(verifiedClaims, issuer);
  const nowSeconds = now.getTime() / 1000;
  const [expiresAt, issuedAt] = [
    readSeconds(verifiedClaims, 'exp'),
    readSeconds(verifiedClaims, 'iat'),
  ];
  if (verifiedClaims.has('nbf') && readSeconds(verifiedClaims, 'nbf') > nowSeconds + LEEWAY_SECONDS)
    throw refuseClaim('nbf');
  if (issuedAt > nowSeconds + LEEWAY_SECONDS) throw refuseClaim('iat');
  if (expiresAt <= nowSeconds - LEEWAY_SECONDS) throw refuseAsExpired('exp');
  if (issuedAt < nowSeconds - LEEWAY_SECONDS - issuer.maxTokenAgeSeconds)
    throw refuseAsExpired('iat');
  if (expiresAt - issuedAt > MAX_LIFETIME_SECONDS)
    throw new TokenRefusedError('lifetime_too_long', { claim: 'exp' });
  // What decides later knows the end alone, so the greatest age is an end, too.
  return new Date(Math.min(expiresAt, issuedAt + issuer.maxTokenAgeSeconds) * 1000);
}

function checkAudience(claims: Claims, { audience }: IssuerConfig): void {
  const value = claims.get('aud');
  const isOurs = Array.isArray(value) ? value.includes(audience) : value === audience;
  if (!isOurs) throw refuseClaim('aud');
}

function refuseAsExpired(claim: string): TokenRefusedError {
  return new TokenRefusedError('expired', { claim });
}
