import { isRecord, type Reader } from './reader.ts';
import type { TargetConfig } from './targets.ts';

/** Where callers put files of their own. */
export interface UploadsConfig {
  readonly bucket: string;
  /** The target whose signer signs for uploads. */
  readonly target: string;
  /** The largest file, in bytes. */
  readonly maxBytes: number;
}

const NAME = 'JOBGATE_UPLOADS';
const MEMBERS = ['bucket', 'target', 'maxBytes'];
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;
/** 10 MiB by default, which scripts and small tables fit in; 1 GiB at most, which a link's five minutes are enough for. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
const MOST_MAX_BYTES = 1024 * 1024 * 1024;

/** Reads JOBGATE_UPLOADS; null when it is empty: the deployment takes no uploads. Every fault goes to the reader. */
export function readUploads(
  reader: Reader,
  targets: ReadonlyMap<string, TargetConfig>,
): UploadsConfig | null {
  if ((reader.environment[NAME] ?? '') === '') return null;
  const value = reader.json(NAME);
  const entry = isRecord(value) ? value : {};
  const { bucket, target, maxBytes = DEFAULT_MAX_BYTES } = entry;
  for (const name of Object.keys(entry).filter((each) => !MEMBERS.includes(each)))
    reader.faults.push(`${NAME}.${name.slice(0, 40)} is not known`);
  if (typeof bucket !== 'string' || !BUCKET.test(bucket)) {
    reader.faults.push(`${NAME}.bucket is missing or malformed`);
    return null;
  }
  if (typeof target !== 'string' || !targets.has(target)) {
    reader.faults.push(`${NAME}.target must be the name of a target`);
    return null;
  }
  if (!isSize(maxBytes)) {
    reader.faults.push(`${NAME}.maxBytes must be a whole number from 1 to ${MOST_MAX_BYTES}`);
    return null;
  }
  return { bucket, target, maxBytes };
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_MAX_BYTES;
}
