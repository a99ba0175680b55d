import { permissionDenied } from '../api/api-error.ts';
import type { Account, GoogleConfiguration, Permission } from '../configuration.ts';
import { isUnder, type StorageUri } from '../storage-uri.ts';
import type { Principal } from './tokens.ts';

/** Who may do what: the account matrix of the configuration, and nothing else. */
export class Permissions {
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #impersonation: ReadonlyMap<string, readonly string[]>;

  constructor({ accounts, workloadIdentity }: GoogleConfiguration) {
    this.#accounts = new Map(Object.entries(accounts));
    this.#impersonation = new Map(Object.entries(workloadIdentity.impersonation));
  }

  /** Returns what an account may do; undefined when there is no such account. */
  findAccount(email: string): Account | undefined {
    return this.#accounts.get(email);
  }

  /** @throws ApiError PERMISSION_DENIED naming the permission and the resource */
  require(principal: Principal, permission: Permission, resource: string): void {
    if (this.#accountOf(principal)?.permissions.includes(permission)) return;
    throw permissionDenied(permission, `resource '//dataproc.googleapis.com/${resource}'`);
  }

  /** @throws ApiError PERMISSION_DENIED when a batch of the caller may not run as the account */
  requireActAs(principal: Principal, email: string): void {
    if (this.#accountOf(principal)?.actAs.includes(email)) return;
    throw permissionDenied('iam.serviceAccounts.actAs', `service account ${email}`);
  }

  /** Tells whether the AWS role is one that the identity pool lets in. */
  admitsRole(role: string): boolean {
    return this.#impersonation.has(role);
  }

  /** Tells whether a role may impersonate an account, which must exist. */
  mayImpersonate(role: string, email: string): boolean {
    return this.#accounts.has(email) && (this.#impersonation.get(role)?.includes(email) ?? false);
  }

  /** Tells whether the account may read the object, or list under the prefix. */
  mayRead(email: string, object: StorageUri): boolean {
    return this.#accounts.get(email)?.read.some((prefix) => isUnder(prefix, object)) ?? false;
  }

  /** Tells whether the account may create, replace and delete the object. */
  mayWrite(email: string, object: StorageUri): boolean {
    return this.#accounts.get(email)?.write.some((prefix) => isUnder(prefix, object)) ?? false;
  }

  #accountOf(principal: Principal): Account | undefined {
    return principal.kind === 'account' ? this.#accounts.get(principal.email) : undefined;
  }
}
