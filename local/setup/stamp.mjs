import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Hashes words and the content of files; a file that is missing counts as empty. */
export function hashOf(words, files = []) {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const file of files) hash.update(readOrEmpty(file)).update('\0');
  return hash.digest('hex').slice(0, 32);
}

/** Writes a file whole or not at all. */
export function writeWhole(path, text) {
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/** Reads the set-up's stamp: what was built from what; empty when there is none or it is damaged. */
export function readStamp(path) {
  try {
    const { fingerprint, steps } = JSON.parse(readFileSync(path, 'utf8'));
    return { fingerprint: fingerprint ?? null, steps: steps ?? {} };
  } catch {
    return { fingerprint: null, steps: {} };
  }
}

/** Writes the stamp; `fingerprint` null says that something is being built. */
export function writeStamp(path, stamp) {
  writeWhole(path, `${JSON.stringify(stamp, undefined, 2)}\n`);
}

function readOrEmpty(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
