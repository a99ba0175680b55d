import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Toolchain } from '../configuration.ts';

/** Where Dataproc's images have Spark. */
const imageHome = 'file:///usr/lib/spark/';

/**
 * Returns the address by which a driver of this machine reaches a file: an object of Cloud Storage
 * by its own, a file of Dataproc's image where Spark is here.
 * @throws Error for any other file, which is none of the driver's
 */
export function localizeFile(uri: string, { sparkHome }: Toolchain): string {
  if (uri.startsWith('gs://')) return uri;
  const path = uri.startsWith(imageHome) ? uri.slice(imageHome.length) : undefined;
  if (path === undefined || !/^[\w.-]+(?:\/[\w.-]+)*$/.test(path) || path.includes('..'))
    throw new Error(`The file ${JSON.stringify(uri)} is not there on the local Dataproc.`);
  return pathToFileURL(join(sparkHome, path)).href;
}

/** Does so for a list. @throws Error */
export function localizeFiles(uris: readonly string[], toolchain: Toolchain): readonly string[] {
  return uris.map((uri) => localizeFile(uri, toolchain));
}
