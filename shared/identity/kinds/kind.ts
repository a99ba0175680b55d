import type { IssuerConfig } from '../../config/issuers.ts';
import type { Claims } from '../claims.ts';

/** What a token of one kind says about its bearer, before the configuration adds to it. */
export interface ClaimedIdentity {
  readonly subject: string;
  readonly client: string;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** Attributes as `key=value`. */
  readonly tags: readonly string[];
  /** Null when the kind's tokens have none. */
  readonly tokenId: string | null;
}

/** How tokens of one kind are told from others and read. */
export interface TokenKind {
  /** Values that the header's `typ` may have, in lower case without `application/`; null: it may be absent. */
  readonly types: readonly (string | null)[];
  /** False for a kind whose access tokens need no `aud`: it is checked where it is present. */
  readonly needsAudience: boolean;
  /** Claims that must be there beside `iss`, `exp`, `iat` and `sub`. */
  readonly requiredClaims: readonly string[];
  /** Reads verified claims. @throws TokenRefusedError. */
  readonly read: (verifiedClaims: Claims, issuer: IssuerConfig) => ClaimedIdentity;
}
