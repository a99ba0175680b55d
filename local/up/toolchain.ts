import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';
import { localFolder } from './layout.ts';

/** Where the set-up put the tools; every path is absolute. */
export interface Toolchain {
  readonly python: string;
  readonly javaHome: string;
  readonly sparkHome: string;
  readonly gcsConnectorJar: string;
  /** Archive of Spark's classes; null where none could be made, and Spark starts slowly. */
  readonly classArchive: string | null;
  readonly fakeGcsServer: string;
  readonly node: string;
}

const PATHS = [
  'python',
  'javaHome',
  'sparkHome',
  'gcsConnectorJar',
  'fakeGcsServer',
  'node',
] as const;

/** Reads .local/toolchain.json, which the set-up wrote. @throws StackFailure when it is not there. */
export function readToolchain(file: string = join(localFolder, 'toolchain.json')): Toolchain {
  try {
    return parseToolchain(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const advice = 'run `npm run demo` or `npm start`, which do the set-up';
    throw new StackFailure(`${file} is missing or damaged: ${advice}.`, [], { cause });
  }
}

function parseToolchain(value: unknown): Toolchain {
  const fields = toFields(value);
  const text = (name: string): string => {
    const field = fields.get(name);
    if (typeof field !== 'string') throw new TypeError(`${name} is not a path`);
    return field;
  };
  const [python, javaHome, sparkHome, gcsConnectorJar, fakeGcsServer, node] = PATHS.map(text);
  if (!python || !javaHome || !sparkHome || !gcsConnectorJar || !fakeGcsServer || !node) {
    throw new TypeError('a path is empty');
  }
  const classArchive = fields.get('classArchive') === null ? null : text('classArchive');
  return { python, javaHome, sparkHome, gcsConnectorJar, classArchive, fakeGcsServer, node };
}
