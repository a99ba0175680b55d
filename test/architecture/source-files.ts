import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '../..');

/** Paths, relative to the root, of every source file below a folder; generated files are left out. */
export function listSources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|mts|mjs)$/.test(path) && !/\.d\.m?ts$/.test(path))
    .filter((path) => !path.split('/').includes('generated'))
    .map((path) => `${folder}/${path}`)
    .sort();
}

/** Every module that a file names, statically, dynamically or for its side effects: type imports too. */
export function listImports(path: string): readonly string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

/** The relative imports of a file, as paths relative to the root. */
export function listLocalImports(path: string): readonly string[] {
  return listImports(path)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(ROOT, resolve(ROOT, dirname(path), specifier)));
}
