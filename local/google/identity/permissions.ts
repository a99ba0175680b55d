import { permissionDenied } from '../api/api-error.ts';
import type { Account, GoogleConfiguration, Permission, SecretGrants } from '../configuration.ts';
import { isUnder, type StorageUri } from '../storage-uri.ts';
import type { Principal } from './tokens.ts';

/**
 * Permissions on secrets. `access` grants what roles/secretmanager.secretAccessor holds, `manage`
 * what roles/secretmanager.secretVersionManager does; no grant holds the rest.
 * Source: https://cloud.google.com/secret-manager/docs/access-control
 */
const secretPermissions = {
  'secretmanager.versions.access': 'access',
  'secretmanager.versions.add': 'manage',
  'secretmanager.versions.destroy': 'manage',
  'secretmanager.versions.disable': 'manage',
  'secretmanager.versions.enable': 'manage',
  'secretmanager.versions.get': 'manage',
  'secretmanager.versions.list': 'manage',
  'secretmanager.secrets.get': undefined,
  'secretmanager.secrets.list': undefined,
} as const satisfies Record<string, keyof SecretGrants | undefined>;

/** A permission of Secret Manager, for example `secretmanager.versions.access`. */
export type SecretPermission = keyof typeof secretPermissions;

/** The part of the configuration that says who may do what. */
export type AccountMatrix = Pick<
  GoogleConfiguration,
  'accounts' | 'workloadIdentity' | 'checkCredentials'
>;

/**
 * Who may do what: the account matrix of the configuration, and nothing else. Everybody may do
 * everything where credentials are not checked.
 */
export class Permissions {
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #impersonation: ReadonlyMap<string, readonly string[]>;
  readonly #checkCredentials: boolean;

  constructor({ accounts, workloadIdentity, checkCredentials }: AccountMatrix) {
    this.#checkCredentials = checkCredentials;
    this.#accounts = new Map(Object.entries(accounts));
    this.#impersonation = new Map(Object.entries(workloadIdentity.impersonation));
  }

  /** Returns what an account may do; undefined when there is no such account. */
  findAccount(email: string): Account | undefined {
    return this.#accounts.get(email);
  }

  /** @throws ApiError PERMISSION_DENIED naming the permission and the resource */
  require(principal: Principal, permission: Permission, resource: string): void {
    if (principal.kind === 'anyone') return;
    if (this.#accountOf(principal)?.permissions.includes(permission)) return;
    throw permissionDenied(permission, `resource '//dataproc.googleapis.com/${resource}'`);
  }

  /** @throws ApiError PERMISSION_DENIED when a batch of the caller may not run as the account */
  requireActAs(principal: Principal, email: string): void {
    if (principal.kind === 'anyone') return;
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
    if (!this.#checkCredentials) return true;
    return this.#accounts.get(email)?.read.some((prefix) => isUnder(prefix, object)) ?? false;
  }

  /** Tells whether the account may create, replace and delete the object. */
  mayWrite(email: string, object: StorageUri): boolean {
    if (!this.#checkCredentials) return true;
    return this.#accounts.get(email)?.write.some((prefix) => isUnder(prefix, object)) ?? false;
  }

  /** Tells whether a permission on a secret is granted, whether the secret exists or not. */
  mayUseSecret(principal: Principal, permission: SecretPermission, secretId: string): boolean {
    if (principal.kind === 'anyone') return true;
    const grant = secretPermissions[permission];
    if (grant === undefined) return false;
    return this.#accountOf(principal)?.secrets[grant].includes(secretId) ?? false;
  }

  #accountOf(principal: Principal): Account | undefined {
    return principal.kind === 'account' ? this.#accounts.get(principal.email) : undefined;
  }
}
