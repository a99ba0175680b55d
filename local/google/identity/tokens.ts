import { createHash, randomBytes } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import { parseTable, parseText, parseWholeNumber, ShapeError } from '../shape.ts';
import { openShelf, type Shelf } from '../state/shelf.ts';

/**
 * Who a token stands for: a service account, or a role that came through the identity pool; or
 * anyone, who may do everything, where credentials are not checked.
 */
export type Principal =
  | { readonly kind: 'account'; readonly email: string }
  | { readonly kind: 'federated'; readonly role: string }
  | { readonly kind: 'anyone' };

/** Returns the e-mail or the role of a principal; anyone is `anyone`. */
export function nameOf(principal: Principal): string {
  if (principal.kind === 'account') return principal.email;
  return principal.kind === 'federated' ? principal.role : principal.kind;
}

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

/** Bounds memory: past it the oldest tokens stop to hold. */
const maxTokens = 10_000;

/** What a store of tokens may be told. */
export interface TokenStoreOptions {
  readonly checkCredentials?: boolean;
  readonly shelf?: Shelf;
}

/** The access tokens that were issued; only their digests are kept, on the shelf as well. */
export class TokenStore {
  readonly #grants = new Map<string, Grant>();
  readonly #static = new Map<string, Principal>();
  readonly #now: () => number;
  readonly #checkCredentials: boolean;
  readonly #shelf: Shelf;

  constructor(now: () => number = Date.now, options: TokenStoreOptions = {}) {
    const { checkCredentials = true, shelf = openShelf(null, 'tokens') } = options;
    this.#now = now;
    this.#checkCredentials = checkCredentials;
    this.#shelf = shelf;
    for (const [key, grant] of shelf.parseAll(parseDocument).toSorted(byExpiry))
      this.#grants.set(key, grant);
    this.#removeExpired();
  }

  /** Issues a random token for a principal. */
  issue(principal: Principal, lifetimeSeconds: number): IssuedToken {
    const token = `ya29.local-${randomBytes(32).toString('base64url')}`;
    const expiresAtMs = this.#now() + lifetimeSeconds * 1000;
    this.#removeExpired();
    this.#keep(digest(token), { principal, expiresAtMs });
    return { token, expiresAt: new Date(expiresAtMs) };
  }

  /** Makes a token hold until the process ends. */
  addStatic(token: string, email: string): void {
    this.#static.set(digest(token), { kind: 'account', email });
  }

  /** Returns whom a token stands for; undefined when it is unknown or has expired. */
  find(token: string | undefined): Principal | undefined {
    if (!this.#checkCredentials) return { kind: 'anyone' };
    if (token === undefined) return undefined;
    const key = digest(token);
    const grant = this.#grants.get(key);
    if (grant === undefined) return this.#static.get(key);
    return grant.expiresAtMs > this.#now() ? grant.principal : undefined;
  }

  /** Returns whom a bearer token stands for. @throws ApiError UNAUTHENTICATED */
  authenticate(token: string | undefined): Principal {
    const principal = this.find(token);
    if (principal !== undefined) return principal;
    const fault =
      token === undefined
        ? 'Request is missing required authentication credential.'
        : 'Request had invalid authentication credentials.';
    throw new ApiError('UNAUTHENTICATED', `${fault} ${credentialHint}`);
  }

  #keep(key: string, grant: Grant): void {
    this.#shelf.save(key, { key, ...grant });
    this.#grants.set(key, grant);
    const [oldest] = this.#grants.keys();
    if (this.#grants.size > maxTokens && oldest !== undefined) this.#forget(oldest);
  }

  #removeExpired(): void {
    const nowMs = this.#now();
    for (const [key, grant] of this.#grants) if (grant.expiresAtMs <= nowMs) this.#forget(key);
  }

  #forget(key: string): void {
    this.#shelf.remove(key);
    this.#grants.delete(key);
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function byExpiry([, one]: readonly [string, Grant], [, other]: readonly [string, Grant]): number {
  return one.expiresAtMs - other.expiresAtMs;
}

function parseDocument(document: unknown, where: string): readonly [key: string, grant: Grant] {
  const table = parseTable(document, where, ['key', 'principal', 'expiresAtMs']);
  const range = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const expiresAtMs = parseWholeNumber(table['expiresAtMs'], `${where}'s expiresAtMs`, range);
  const principal = parsePrincipal(table['principal'], `${where}'s principal`);
  return [parseText(table['key'], `${where}'s key`), { principal, expiresAtMs }];
}

function parsePrincipal(value: unknown, where: string): Principal {
  const table = parseTable(value, where, ['kind'], ['email', 'role']);
  const read = (name: string) => parseText(table[name], `${where}.${name}`);
  if (table['kind'] === 'account') return { kind: 'account', email: read('email') };
  if (table['kind'] === 'federated') return { kind: 'federated', role: read('role') };
  throw new ShapeError(`${where}.kind must be account or federated`);
}
