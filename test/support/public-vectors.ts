import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Public test vectors are not in the repository: their folder is named, or lies beside the project's. */
const FOLDER = process.env['JOBGATE_VECTORS'] ?? join(import.meta.dirname, '../../../shared/data');

/** Tells whether a set of vectors is there, and prints why tests are skipped if it is not. */
export function hasPublicVectors(set: string): boolean {
  const isThere = existsSync(join(FOLDER, set));
  if (!isThere) process.stdout.write(`skipped: JOBGATE_VECTORS has no folder ${set}\n`);
  return isThere;
}

/** Reads the JSON files of a folder by name; none when it is absent. */
export function readPublicVectors(folder: string): ReadonlyMap<string, unknown> {
  const path = join(FOLDER, folder);
  if (!existsSync(path)) return new Map();
  const files = readdirSync(path).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(join(path, file), 'utf8')) as unknown]),
  );
}
