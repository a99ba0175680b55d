import { loadProtos, type Protos } from '../api/protos.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { Permissions } from '../identity/permissions.ts';
import { openShelf } from '../state/shelf.ts';
import { SecretManager } from './secret-manager.ts';
import { SecretStore } from './secret-store.ts';

const service = 'google.cloud.secretmanager.v1.SecretManagerService';

/** Loads the protos of Secret Manager. */
export function loadSecretManagerProtos(): Protos {
  return loadProtos('@google-cloud/secret-manager/build/protos/protos.json', [service]);
}

/** What Secret Manager is made of. */
interface SecretManagerParts {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly now: () => Date;
}

/** Makes what the RPCs of Secret Manager do; one that is not here is not implemented. */
export function makeSecretManagerImplementations(parts: SecretManagerParts): Implementations {
  const { configuration, permissions, now } = parts;
  const { secrets, stateDirectory, project, projectNumber } = configuration;
  const store = new SecretStore({ secrets, shelf: openShelf(stateDirectory, 'secrets'), now });
  const manager = new SecretManager({
    project: { project, projectNumber },
    permissions,
    store,
    now,
  });
  return { ...makeReaders(manager), ...makeWriters(manager) };
}

function makeReaders(manager: SecretManager): Implementations {
  return {
    [`${service}.GetSecret`]: (principal, request) => manager.getSecret(principal, request),
    [`${service}.ListSecrets`]: (principal, request) => manager.listSecrets(principal, request),
    [`${service}.GetSecretVersion`]: (principal, request) => manager.getVersion(principal, request),
    [`${service}.ListSecretVersions`]: (principal, request) =>
      manager.listVersions(principal, request),
    [`${service}.AccessSecretVersion`]: (principal, request) =>
      manager.accessVersion(principal, request),
  };
}

function makeWriters(manager: SecretManager): Implementations {
  return {
    [`${service}.AddSecretVersion`]: (principal, request) => manager.addVersion(principal, request),
    [`${service}.EnableSecretVersion`]: (principal, request) =>
      manager.change(principal, request, ['secretmanager.versions.enable', 'ENABLED']),
    [`${service}.DisableSecretVersion`]: (principal, request) =>
      manager.change(principal, request, ['secretmanager.versions.disable', 'DISABLED']),
    [`${service}.DestroySecretVersion`]: (principal, request) =>
      manager.change(principal, request, ['secretmanager.versions.destroy', 'DESTROYED']),
  };
}
