import type { StorageUri } from '../storage-uri.ts';
import { StorageError } from './storage-error.ts';

const maxNameBytes = 1024;

/**
 * Checks a place before it becomes a path of the store behind.
 * Source: https://cloud.google.com/storage/docs/buckets#naming and /objects#naming
 * @throws StorageError
 */
export function checkPlace({ bucket, name }: StorageUri): void {
  checkBucketName(bucket);
  if (name === '') throw refused('an object has a name');
  if (Buffer.byteLength(name) > maxNameBytes || !name.isWellFormed())
    throw refused('names are UTF-8 of at most 1024 bytes');
  if (/[\0\r\n]/.test(name)) throw refused('names are of one line');
  if (name.startsWith('.well-known/acme-challenge/'))
    throw refused('names do not begin with .well-known/acme-challenge/');
  // Google refuses the names . and .. alone. On disk, the store behind takes such a segment for
  // another folder than the bucket's.
  if (name.split('/').some((segment) => segment === '.' || segment === '..'))
    throw refused('names with . or .. segments are not stored here');
}

/** @throws StorageError */
export function checkBucketName(bucket: string): void {
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket))
    throw new StorageError('InvalidBucketName', 'The specified bucket is not valid.');
}

function refused(rule: string): StorageError {
  return new StorageError('InvalidArgument', `The object's name is not valid: ${rule}.`);
}
