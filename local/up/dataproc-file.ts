import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStartTime } from '../setup/process-identity.mjs';
import { toFields } from './fields.ts';
import { localFolder } from './layout.ts';

/** Describes the Dataproc that `npm run dataproc` keeps up. */
export const dataprocFile = join(localFolder, 'dataproc.json');

/** What a client needs to use a local Dataproc; the content of .local/dataproc.json. */
export interface DataprocAddresses {
  /** Host and port of gRPC and REST, as clients take an API endpoint. */
  readonly dataproc: string;
  /** Base address of Cloud Storage. */
  readonly storage: string;
  readonly project: string;
  readonly region: string;
  /** A cluster that jobs can be submitted to. */
  readonly cluster: string;
  /** A bucket that code and data can be put into. */
  readonly bucket: string;
  /** Bearer token of an account with every permission. */
  readonly accessToken: string;
  /** File with the certificate of Dataproc's TLS, which is its own root. */
  readonly certificate: string;
  /** The process that serves. */
  readonly pid: number;
}

/** Writes the description for this user alone: it holds a token. */
export function writeDataprocFile(addresses: DataprocAddresses, file = dataprocFile): void {
  writeFileSync(file, render(addresses), { mode: 0o600 });
}

/** Removes the description unless it is that of another server. */
export function removeDataprocFile(addresses: DataprocAddresses, file = dataprocFile): void {
  if (readOrUndefined(file) === render(addresses)) rmSync(file, { force: true });
}

/** Removes the description that a killed server left. */
export function removeDeadDataprocFile(file = dataprocFile): void {
  const text = readOrUndefined(file);
  if (text !== undefined && !isAlive(text)) rmSync(file, { force: true });
}

function isAlive(text: string): boolean {
  try {
    const pid = toFields(JSON.parse(text)).get('pid');
    return typeof pid === 'number' && readStartTime(pid) !== undefined;
  } catch {
    return false;
  }
}

function render(addresses: DataprocAddresses): string {
  return `${JSON.stringify(addresses, undefined, 2)}\n`;
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
