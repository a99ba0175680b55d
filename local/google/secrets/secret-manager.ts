import { ApiError } from '../api/api-error.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Permissions, SecretPermission } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';
import { toTimestamp } from '../api/timestamp.ts';
import { cutPage, parseVersionFilter } from './page.ts';
import { parsePayload, toPayload } from './payload.ts';
import {
  isProjectName,
  parseSecretName,
  parseVersionName,
  type SecretProject,
  type VersionName,
} from './secret-name.ts';
import type { SecretStore } from './secret-store.ts';
import {
  changeVersion,
  readContent,
  type SecretVersion,
  toVersionMessage,
  type VersionState,
} from './secret-version.ts';

/** What Secret Manager needs. */
interface SecretManagerOptions {
  readonly project: SecretProject;
  readonly permissions: Permissions;
  readonly store: SecretStore;
  readonly now: () => Date;
}

/** The methods of Secret Manager. A value leaves it in `access` alone and stands in no message. */
export class SecretManager {
  readonly #options: SecretManagerOptions;

  constructor(options: SecretManagerOptions) {
    this.#options = options;
  }

  /** @throws ApiError */
  getSecret(principal: Principal, request: PlainMessage): PlainMessage {
    const name = toText(request['name']);
    const secretId = this.#authorize(principal, 'secretmanager.secrets.get', name);
    this.#listOf(secretId);
    return this.#toSecret(secretId);
  }

  /** @throws ApiError */
  listSecrets(principal: Principal, request: PlainMessage): PlainMessage {
    const { permissions, project, store } = this.#options;
    const parent = toText(request['parent']);
    const isOurs = isProjectName(parent, project);
    if (!isOurs || !permissions.mayUseSecret(principal, 'secretmanager.secrets.list', ''))
      throw denied('secretmanager.secrets.list', parent);
    if (toText(request['filter']) !== '')
      throw new ApiError('UNIMPLEMENTED', 'The local Secret Manager does not filter secrets.');
    const { items, nextPageToken } = cutPage(store.ids, request);
    const secrets = items.map((id) => this.#toSecret(id));
    return { secrets, nextPageToken, totalSize: store.ids.length };
  }

  /** @throws ApiError */
  addVersion(principal: Principal, request: PlainMessage): PlainMessage {
    const parent = toText(request['parent']);
    const secretId = this.#authorize(principal, 'secretmanager.versions.add', parent);
    this.#listOf(secretId);
    const { content, checksumGiven } = parsePayload(request['payload']);
    const { store } = this.#options;
    return this.#toMessage(store.add(secretId, content, checksumGiven));
  }

  /** @throws ApiError */
  getVersion(principal: Principal, request: PlainMessage): PlainMessage {
    return this.#toMessage(this.#find(principal, 'secretmanager.versions.get', request));
  }

  /** @throws ApiError */
  accessVersion(principal: Principal, request: PlainMessage): PlainMessage {
    const version = this.#find(principal, 'secretmanager.versions.access', request);
    const name = this.#nameOf(version);
    return { name, payload: toPayload(readContent(version, name)) };
  }

  /** Lists the newest first. @throws ApiError */
  listVersions(principal: Principal, request: PlainMessage): PlainMessage {
    const parent = toText(request['parent']);
    const secretId = this.#authorize(principal, 'secretmanager.versions.list', parent);
    const matches = parseVersionFilter(request['filter']);
    const found = this.#listOf(secretId).filter(matches).reverse();
    const { items, nextPageToken } = cutPage(found, request);
    const totalSize = toText(request['filter']) === '' ? found.length : 0;
    return { versions: items.map((item) => this.#toMessage(item)), nextPageToken, totalSize };
  }

  /** Gives a version another state. @throws ApiError */
  change(
    principal: Principal,
    request: PlainMessage,
    [permission, state]: readonly [permission: SecretPermission, state: VersionState],
  ): PlainMessage {
    const version = this.#find(principal, permission, request);
    const { store, now } = this.#options;
    const name = this.#nameOf(version);
    const etag = toText(request['etag']);
    const changed = changeVersion(version, state, { name, etag, now: now() });
    store.replace(changed);
    return this.#toMessage(changed);
  }

  #find(principal: Principal, permission: SecretPermission, request: PlainMessage): SecretVersion {
    const { permissions, project } = this.#options;
    const name = toText(request['name']);
    const wanted = parseVersionName(name, project);
    if (!permissions.mayUseSecret(principal, permission, wanted.secretId))
      throw denied(permission, name);
    return this.#pick(wanted);
  }

  /** `latest` is the version with the highest number, whatever its state. */
  #pick({ secretId, version }: VersionName): SecretVersion {
    const versions = this.#options.store.find(secretId) ?? [];
    const found = version === 'latest' ? versions.at(-1) : versions[version - 1];
    if (found !== undefined) return found;
    // Google's wording: https://github.com/firebase/firebase-tools/pull/3959
    const secret = this.#secretName(secretId);
    if (versions.length === 0)
      throw new ApiError('NOT_FOUND', `Secret [${secret}] not found or has no versions.`);
    const name = `${secret}/versions/${version}`;
    throw new ApiError('NOT_FOUND', `Secret Version [${name}] not found.`);
  }

  /** Returns the id of the secret that is named. */
  #authorize(principal: Principal, permission: SecretPermission, name: string): string {
    const { permissions, project } = this.#options;
    const secretId = parseSecretName(name, project);
    if (permissions.mayUseSecret(principal, permission, secretId)) return secretId;
    throw denied(permission, name);
  }

  #listOf(secretId: string): readonly SecretVersion[] {
    const versions = this.#options.store.find(secretId);
    if (versions !== undefined) return versions;
    throw new ApiError('NOT_FOUND', `Secret [${this.#secretName(secretId)}] not found.`);
  }

  #toSecret(secretId: string): PlainMessage {
    const createTime = toTimestamp(this.#options.store.createTime);
    return { name: this.#secretName(secretId), replication: { automatic: {} }, createTime };
  }

  #toMessage(version: SecretVersion): PlainMessage {
    return toVersionMessage(version, this.#nameOf(version));
  }

  /** Google answers with the project's number, whatever name it was asked by. */
  #secretName(secretId: string): string {
    return `projects/${this.#options.project.projectNumber}/secrets/${secretId}`;
  }

  #nameOf({ secretId, number }: SecretVersion): string {
    return `${this.#secretName(secretId)}/versions/${number}`;
  }
}

function denied(permission: SecretPermission, resource: string): ApiError {
  const message = `Permission '${permission}' denied for resource '${resource}' (or it may not exist).`;
  return new ApiError('PERMISSION_DENIED', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'IAM_PERMISSION_DENIED',
      domain: 'iam.googleapis.com',
      metadata: { permission, resource },
    },
  ]);
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
