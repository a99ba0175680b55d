import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseJson, ShapeError } from '../shape.ts';

/** Documents of one kind that outlive the server, or that do not, when no folder was given. */
export interface Shelf {
  /** Writes a document whole; a second one of the same key takes its place. */
  readonly save: (key: string, document: object) => void;
  readonly remove: (key: string) => void;
  /** Parses what an earlier server left, in no order; `where` is a file. @throws ShapeError */
  readonly parseAll: <T>(
    parse: (document: unknown, where: string, key: string) => T,
  ) => readonly T[];
}

const keyPattern = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Opens the folder `kind` of the state directory; with null, a shelf that keeps nothing. A document
 * is on disk when `save` returns, so that a server may be killed at any moment.
 */
export function openShelf(stateDirectory: string | null, kind: string): Shelf {
  if (stateDirectory === null) return forgetful;
  const folder = join(stateDirectory, kind);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (key: string) => {
    if (!keyPattern.test(key)) throw new Error(`a document cannot have the key ${key}`);
    return join(folder, `${key}.json`);
  };
  return {
    parseAll: (parse) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(folder, name))
        .map((file) => parse(parseJson(readFileSync(file, 'utf8'), file), file, keyOf(file))),
    save: (key, document) => {
      const file = fileOf(key);
      writeFileSync(`${file}.draft`, JSON.stringify(document), { mode: 0o600 });
      renameSync(`${file}.draft`, file);
    },
    remove: (key) => {
      rmSync(fileOf(key), { force: true });
    },
  };
}

/** Parses what may be a document's key and the name of a folder. @throws ShapeError */
export function parseKey(value: unknown, where: string): string {
  if (typeof value !== 'string' || !keyPattern.test(value))
    throw new ShapeError(`${where} must be 1-128 letters, digits, underscores and hyphens`);
  return value;
}

function keyOf(file: string): string {
  return basename(file, '.json');
}

const forgetful: Shelf = {
  save: () => undefined,
  remove: () => undefined,
  parseAll: () => [],
};
