import { createHash, randomBytes } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';

/** Who a token stands for: a service account, or a role that came through the identity pool. */
export type Principal =
  | { readonly kind: 'account'; readonly email: string }
  | { readonly kind: 'federated'; readonly role: string };

/** A token just issued. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

interface Grant {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

const credentialHint =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. ' +
  'See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/** The access tokens of this process; only their digests are kept. */
export class TokenStore {
  readonly #grants = new Map<string, Grant>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Issues a random token for a principal. */
  issue(principal: Principal, lifetimeSeconds: number): IssuedToken {
    const token = `ya29.local-${randomBytes(32).toString('base64url')}`;
    const expiresAtMs = this.#now() + lifetimeSeconds * 1000;
    this.#removeExpired();
    this.#grants.set(digest(token), { principal, expiresAtMs });
    return { token, expiresAt: new Date(expiresAtMs) };
  }

  /** Makes a token hold until the process ends. */
  addStatic(token: string, email: string): void {
    const principal = { kind: 'account', email } as const;
    this.#grants.set(digest(token), { principal, expiresAtMs: Number.POSITIVE_INFINITY });
  }

  /** Returns whom a token stands for; undefined when it is unknown or has expired. */
  find(token: string): Principal | undefined {
    const grant = this.#grants.get(digest(token));
    return grant !== undefined && grant.expiresAtMs > this.#now() ? grant.principal : undefined;
  }

  /** Returns whom a bearer token stands for. @throws ApiError UNAUTHENTICATED */
  authenticate(token: string | undefined): Principal {
    if (token === undefined)
      throw new ApiError(
        'UNAUTHENTICATED',
        `Request is missing required authentication credential. ${credentialHint}`,
      );
    const principal = this.find(token);
    if (principal !== undefined) return principal;
    throw new ApiError(
      'UNAUTHENTICATED',
      `Request had invalid authentication credentials. ${credentialHint}`,
    );
  }

  #removeExpired(): void {
    const nowMs = this.#now();
    for (const [key, grant] of this.#grants)
      if (grant.expiresAtMs <= nowMs) this.#grants.delete(key);
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
