import { ApiError } from '../api/api-error.ts';

/** Which project may be meant, by either of its names. */
export interface SecretProject {
  readonly project: string;
  readonly projectNumber: string;
}

/** A secret's version, as a caller names it. */
export interface VersionName {
  readonly secretId: string;
  /** A number from 1, or the alias of the highest one. */
  readonly version: number | 'latest';
}

const idPattern = /^[A-Za-z0-9_-]{1,255}$/;

/**
 * Parses `projects/P/secrets/S`. The secret of another project gets an id that no secret has: nobody
 * may use it, and it does not exist.
 * @throws ApiError INVALID_ARGUMENT
 */
export function parseSecretName(name: string, project: SecretProject): string {
  const [, owner = '', secretId = ''] = /^projects\/([^/]+)\/secrets\/([^/]+)$/.exec(name) ?? [];
  if (owner === '' || !idPattern.test(secretId)) throw invalidName(name);
  return isOwn(owner, project) ? secretId : '';
}

/** Parses `projects/P/secrets/S/versions/V`. @throws ApiError INVALID_ARGUMENT */
export function parseVersionName(name: string, project: SecretProject): VersionName {
  const [, secret = '', version = ''] = /^(.+)\/versions\/([^/]+)$/.exec(name) ?? [];
  if (version !== 'latest' && !/^[1-9]\d{0,8}$/.test(version)) throw invalidName(name);
  return {
    secretId: parseSecretName(secret, project),
    version: version === 'latest' ? version : Number(version),
  };
}

/** Tells whether `projects/P` is the project. @throws ApiError INVALID_ARGUMENT */
export function isProjectName(name: string, project: SecretProject): boolean {
  const [, owner] = /^projects\/([^/]+)$/.exec(name) ?? [];
  if (owner === undefined) throw invalidName(name);
  return isOwn(owner, project);
}

function isOwn(owner: string, { project, projectNumber }: SecretProject): boolean {
  return owner === project || owner === projectNumber;
}

/** Google's wording: https://github.com/googleapis/nodejs-secret-manager/issues/74 */
function invalidName(name: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', `Resource ID [${name}] is not in a valid format.`);
}
