import { ApiError } from '../api/api-error.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';

/** What decides on accounts and buckets. */
interface Grounds {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
}

/**
 * Returns the account that batches or machines run as, by default that of Compute Engine, if the
 * caller may act as it. @throws ApiError PERMISSION_DENIED
 */
export function takeAccount(
  principal: Principal,
  asked: string | undefined,
  { configuration, permissions }: Grounds,
): string {
  const byDefault = `${configuration.projectNumber}-compute@developer.gserviceaccount.com`;
  const account = asked ?? byDefault;
  permissions.requireActAs(principal, account);
  return account;
}

/** Returns the bucket to stage files in, by default the project's. @throws ApiError */
export function takeBucket(
  asked: string | undefined,
  { stagingBucket, buckets }: GoogleConfiguration,
): string {
  const bucket = asked ?? stagingBucket;
  if (!buckets.includes(bucket))
    throw new ApiError('INVALID_ARGUMENT', `The staging bucket ${bucket} does not exist.`);
  return bucket;
}
