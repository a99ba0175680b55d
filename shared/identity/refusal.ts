/** Why a token was refused; for the log, never for the caller. */
export type RefusalReason =
  | 'malformed_header'
  | 'malformed_token'
  | 'repeated_member'
  | 'forbidden_header_parameter'
  | 'unknown_issuer'
  | 'wrong_type'
  | 'algorithm_not_allowed'
  | 'unknown_key'
  | 'bad_signature'
  | 'expired'
  | 'claim_invalid'
  | 'lifetime_too_long'
  | 'claims_too_large'
  | 'identity_token'
  | 'bound_token'
  | 'groups_overage'
  | 'unlisted_client'
  | 'public_client';

/** What a refusal may say about the token: who is said to have made it, and hashes by which it can be looked for. */
export interface TokenEvidence {
  /** The configured name of the issuer; null when it is not trusted. */
  readonly issuerName: string | null;
  readonly keyId: string;
  /** Null when it is none that any issuer may use. */
  readonly algorithm: string | null;
  /** The first 16 hexadecimal digits of SHA-256; null when the claim is no text. */
  readonly subjectHash: string | null;
  readonly tokenIdHash: string | null;
}

interface RefusalDetails {
  /** The claim or header parameter that was judged: a name that this program chose. */
  readonly claim?: string;
  readonly evidence?: TokenEvidence;
  readonly cause?: unknown;
}

/** A token that is not acceptable; becomes 401. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  readonly reason: RefusalReason;
  readonly claim: string | null;
  /** Null while the token could not be read. */
  readonly evidence: TokenEvidence | null;

  constructor(reason: RefusalReason, details: RefusalDetails = {}) {
    super(reason, { cause: details.cause });
    this.reason = reason;
    this.claim = details.claim ?? null;
    this.evidence = details.evidence ?? null;
  }

  /** The same refusal, with what is known of the token. */
  about(evidence: TokenEvidence): TokenRefusedError {
    const claim = this.claim === null ? {} : { claim: this.claim };
    return new TokenRefusedError(this.reason, { ...claim, evidence, cause: this.cause });
  }
}
