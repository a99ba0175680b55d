import { ShapeError } from './shape.ts';

/** A place in Cloud Storage: a bucket and an object's name, or the beginning of names. */
export interface StorageUri {
  readonly bucket: string;
  readonly name: string;
}

/** Parses `gs://bucket/name`; the name may be empty. @throws ShapeError */
export function parseStorageUri(text: string, where: string): StorageUri {
  const match = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/s.exec(text);
  if (match?.[1] === undefined)
    throw new ShapeError(`${where} must be like gs://bucket/name, and is ${JSON.stringify(text)}`);
  return { bucket: match[1], name: match[2] ?? '' };
}

/** Tells whether an object lies under a prefix, as an IAM condition's startsWith would. */
export function isUnder(prefix: StorageUri, object: StorageUri): boolean {
  return prefix.bucket === object.bucket && object.name.startsWith(prefix.name);
}
