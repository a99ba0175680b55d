import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientCredentials, type ClientName, clientNames } from './clients.ts';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';
import { stackFile } from './layout.ts';

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

/** Writes the stack's description for this user alone: it holds the clients' secrets. */
export function writeStackFile(stack: Stack, file: string = stackFile): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, render(stack), { mode: 0o600 });
  renameSync(draft, file);
}

/** Removes the description, unless another stack has written its own since. */
export function removeStackFile(stack: Stack, file: string = stackFile): void {
  if (readOrUndefined(file) === render(stack)) rmSync(file, { force: true });
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
