import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readStartTime } from '../setup/process-identity.mjs';
import { toFields } from './fields.ts';
import { localFolder } from './layout.ts';
import type { Run } from './runs.ts';
import { findLivingRuns } from './sweep.ts';

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
  /** The first cluster of the configuration; null when it has none. */
  readonly cluster: string | null;
  /** The first bucket of the configuration. */
  readonly bucket: string;
  /** Bearer token of an account with every permission. */
  readonly accessToken: string;
  /** File with the certificate of Dataproc's TLS, which is its own root. */
  readonly certificate: string;
  /** The process that serves. */
  readonly pid: number;
}

/**
 * Writes the description for this user alone: it holds a token. The server that started last is
 * described in `file`; each is in its run's folder as well.
 */
export function writeDataprocFile(
  addresses: DataprocAddresses,
  run: Run,
  file: string = dataprocFile,
): void {
  writeWhole(join(run.folder, 'dataproc.json'), render(addresses));
  writeWhole(file, render(addresses));
}

/** Removes the description, or puts that of another server there which is still up. */
export function removeDataprocFile(
  addresses: DataprocAddresses,
  run: Run,
  file: string = dataprocFile,
): void {
  rmSync(join(run.folder, 'dataproc.json'), { force: true });
  if (readOrUndefined(file) !== render(addresses)) return;
  const other = findLivingRuns(dirname(run.folder))
    .map((each) => readOrUndefined(join(each.folder, 'dataproc.json')))
    .find((text) => text !== undefined);
  if (other === undefined) rmSync(file, { force: true });
  else writeWhole(file, other);
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

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
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
