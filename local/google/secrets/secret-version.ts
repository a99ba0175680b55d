import { createHash } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import { parseDate, toTimestamp } from '../api/timestamp.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import {
  orNull,
  parseBoolean,
  parseTable,
  parseText,
  parseWholeNumber,
  ShapeError,
  type Table,
} from '../shape.ts';

/** The states of a version, in the words of SecretVersion.State. */
export type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROYED';

/** One version of a secret, as it is kept. */
export interface SecretVersion {
  readonly secretId: string;
  /** From 1, without gaps. */
  readonly number: number;
  readonly createTime: Date;
  readonly state: VersionState;
  /** Null once it is destroyed. */
  readonly content: Buffer | null;
  readonly destroyTime: Date | null;
  /** Whether whoever added it gave a checksum. */
  readonly checksumGiven: boolean;
  /** How often it was changed. */
  readonly revision: number;
}

/** Makes the next state of a version. @throws ApiError when it is destroyed, or not as expected */
export function changeVersion(
  version: SecretVersion,
  state: VersionState,
  { name, etag, now }: { readonly name: string; readonly etag: string; readonly now: Date },
): SecretVersion {
  // A change that changes nothing gives a new etag too: https://cloud.google.com/secret-manager/docs/etags
  if (etag !== '' && etag !== toEtag(version))
    throw new ApiError(
      'FAILED_PRECONDITION',
      `The etag of Secret Version [${name}] does not match the one that was given.`,
    );
  if (version.state === 'DESTROYED') throw wrongState(version, name);
  const destroyed = state === 'DESTROYED' ? { content: null, destroyTime: now } : {};
  return { ...version, state, revision: version.revision + 1, ...destroyed };
}

/** Returns the content of a version that is enabled. @throws ApiError FAILED_PRECONDITION */
export function readContent(version: SecretVersion, name: string): Buffer {
  if (version.state !== 'ENABLED' || version.content === null) throw wrongState(version, name);
  return version.content;
}

/** Google's wording: https://github.com/external-secrets/external-secrets/issues/4042 */
function wrongState({ state }: SecretVersion, name: string): ApiError {
  return new ApiError('FAILED_PRECONDITION', `Secret Version [${name}] is in ${state} state.`);
}

/** Makes the google.cloud.secretmanager.v1.SecretVersion, which does not hold the content. */
export function toVersionMessage(version: SecretVersion, name: string): PlainMessage {
  const { createTime, destroyTime, state, checksumGiven } = version;
  const message = {
    name,
    createTime: toTimestamp(createTime),
    state,
    replicationStatus: { automatic: {} },
    etag: toEtag(version),
    clientSpecifiedPayloadChecksum: checksumGiven,
  };
  return destroyTime === null ? message : { ...message, destroyTime: toTimestamp(destroyTime) };
}

/** Makes the document in which a version outlives the server. */
export function toDocument(version: SecretVersion): object {
  const content = version.content?.toString('base64') ?? null;
  return { ...version, content };
}

/** Makes the version of a document. @throws ShapeError */
export function parseDocument(document: unknown, where: string): SecretVersion {
  const keys = ['secretId', 'number', 'createTime', 'state', 'content', 'destroyTime'];
  const table = parseTable(document, where, [...keys, 'checksumGiven', 'revision']);
  const whole = (key: string, min: number) =>
    parseWholeNumber(table[key], `${where}'s ${key}`, { min, max: Number.MAX_SAFE_INTEGER });
  return {
    secretId: parseText(table['secretId'], `${where}'s secretId`),
    number: whole('number', 1),
    createTime: parseDate(table['createTime'], `${where}'s createTime`),
    state: parseState(table['state'], `${where}'s state`),
    content: parseContent(table, where),
    destroyTime: orNull(table['destroyTime'], `${where}'s end`, parseDate),
    checksumGiven: parseBoolean(table['checksumGiven'], `${where}'s checksumGiven`),
    revision: whole('revision', 0),
  };
}

/** The message of a refusal names the key only: the value is a secret. */
function parseContent(table: Table, where: string): Buffer | null {
  const value = table['content'];
  if (value === null) return null;
  if (typeof value !== 'string') throw new ShapeError(`${where}'s content must be base64`);
  return Buffer.from(value, 'base64');
}

function parseState(value: unknown, where: string): VersionState {
  if (value === 'ENABLED' || value === 'DISABLED' || value === 'DESTROYED') return value;
  throw new ShapeError(`${where} must be ENABLED, DISABLED or DESTROYED`);
}

/** Quotes are part of it. */
function toEtag({ secretId, number, revision, createTime }: SecretVersion): string {
  const facts = [secretId, number, revision, createTime.getTime()].join('/');
  return `"${createHash('sha256').update(facts).digest('hex').slice(0, 14)}"`;
}
