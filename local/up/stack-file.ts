import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readStartTime } from '../setup/process-identity.mjs';
import { type ClientCredentials, type ClientName, clientNames } from './clients.ts';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';
import { stackFile } from './layout.ts';
import type { Run } from './runs.ts';
import { findLivingRuns } from './sweep.ts';

/** What a program needs to use a local stack; the content of .local/stack.json. */
export interface Stack {
  /** Base address of the API's routes, `/v1` included. */
  readonly api: string;
  readonly issuer: string;
  readonly audience: string;
  readonly tokenEndpoint: string;
  readonly clients: Readonly<Record<ClientName, ClientCredentials>>;
  readonly dataproc: string;
  readonly storage: string;
  readonly aws: string;
  readonly pids: readonly number[];
}

/**
 * Writes the stack's description for this user alone: it holds the clients' secrets. The one that
 * started last is described in `file`; each is in its run's folder as well.
 */
export function writeStackFile(stack: Stack, run: Run, file: string = stackFile): void {
  writeWhole(join(run.folder, 'stack.json'), render(stack));
  writeWhole(file, render(stack));
}

/** Removes the description, or puts that of another stack there which is still up. */
export function removeStackFile(stack: Stack, run: Run, file: string = stackFile): void {
  rmSync(join(run.folder, 'stack.json'), { force: true });
  if (readOrUndefined(file) !== render(stack)) return;
  const other = findLivingRuns(dirname(run.folder))
    .map((each) => readOrUndefined(join(each.folder, 'stack.json')))
    .find((text) => text !== undefined);
  if (other === undefined) rmSync(file, { force: true });
  else writeWhole(file, other);
}

/** Removes the description that a killed `npm start` left: none of its processes is there. */
export function removeDeadStackFile(file: string = stackFile): void {
  const text = readOrUndefined(file);
  if (text === undefined) return;
  const pids = readPids(text);
  if (!pids.some((pid) => readStartTime(pid) !== undefined)) rmSync(file, { force: true });
}

/** Reads the stack that `npm start` keeps up. @throws StackFailure when there is none. */
export function readStackFile(file: string = stackFile): Stack {
  const text = readOrUndefined(file);
  if (text === undefined) {
    throw new StackFailure('No local stack is up: run `npm start` in another terminal.');
  }
  try {
    return parseStack(JSON.parse(text));
  } catch (cause) {
    throw new StackFailure(`${file} is damaged: run \`npm start\` again.`, [], { cause });
  }
}

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

function readPids(text: string): readonly number[] {
  try {
    return parseStack(JSON.parse(text)).pids;
  } catch {
    return [];
  }
}

function render(stack: Stack): string {
  return `${JSON.stringify(stack, undefined, 2)}\n`;
}

function parseStack(value: unknown): Stack {
  const text = (name: string) => parseText(fieldOf(value, name), name);
  const pids = fieldOf(value, 'pids');
  if (!Array.isArray(pids)) throw new TypeError('pids is not a list');
  const client = (name: ClientName) => parseClient(fieldOf(fieldOf(value, 'clients'), name), name);
  const [analyst, viewer, admin, outsider] = clientNames.map(client);
  if (!analyst || !viewer || !admin || !outsider) throw new TypeError('a client is missing');
  return {
    api: text('api'),
    issuer: text('issuer'),
    audience: text('audience'),
    tokenEndpoint: text('tokenEndpoint'),
    clients: { analyst, viewer, admin, outsider },
    dataproc: text('dataproc'),
    storage: text('storage'),
    aws: text('aws'),
    pids: pids.filter((pid): pid is number => typeof pid === 'number'),
  };
}

function parseClient(value: unknown, name: string): ClientCredentials {
  return {
    id: parseText(fieldOf(value, 'id'), `clients.${name}.id`),
    secret: parseText(fieldOf(value, 'secret'), `clients.${name}.secret`),
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return toFields(value).get(name);
}

function parseText(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is not a text`);
  return value;
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
