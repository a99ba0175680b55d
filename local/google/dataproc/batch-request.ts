import { randomUUID } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import { checkLabels } from './labels.ts';
import { parseList, parseObject, ShapeError, type Table } from '../shape.ts';
import { checkSparkProperties } from '../spark/spark-properties.ts';
import { parseStorageUri } from '../storage-uri.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { PySparkWork, SparkWork } from '../spark/work.ts';

/** A request to create a batch that has passed every check but the caller's permissions. */
export interface BatchRequest {
  readonly parent: string;
  readonly batchId: string;
  readonly requestId: string | undefined;
  readonly work: SparkWork;
  readonly properties: Readonly<Record<string, string>>;
  readonly runtimeVersion: string;
  /** Account that the batch runs as; undefined means the project's default account. */
  readonly serviceAccount: string | undefined;
  readonly ttlSeconds: number;
  readonly stagingBucket: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** The batch as it was asked for, with the output-only fields left out. */
  readonly asked: PlainMessage;
}

const defaultVersion = '2.3';
/** Runtimes whose Spark is 3.5, which is what runs here. */
const supportedVersion = /^2\.[23](?:\.\d{1,3})?$/;
/** Source: ExecutionConfig.ttl in the shipped shared.proto: 10 minutes to 14 days, 4 hours if unset. */
const ttlSeconds = { min: 600, max: 14 * 24 * 3600, byDefault: 4 * 3600 };
const otherWork = ['sparkBatch', 'sparkRBatch', 'sparkSqlBatch'] as const;
const outputOnly = [
  'name',
  'uuid',
  'createTime',
  'runtimeInfo',
  'state',
  'stateMessage',
  'stateTime',
  'creator',
  'operation',
  'stateHistory',
];

/**
 * Checks a CreateBatchRequest as Dataproc does before it looks at permissions on accounts.
 * @throws ApiError INVALID_ARGUMENT, or UNIMPLEMENTED for what the local Dataproc does not run
 */
export function parseBatchRequest(request: PlainMessage): BatchRequest {
  try {
    return toBatchRequest(request);
  } catch (error) {
    if (error instanceof ShapeError) throw invalid(`${error.message}.`);
    throw error;
  }
}

function toBatchRequest(request: PlainMessage): BatchRequest {
  if (request['batch'] === undefined) throw invalid('Batch is required.');
  const batch = parseObject(request['batch'], 'batch');
  const runtime = objectOr(batch, 'runtimeConfig');
  const execution = objectOr(objectOr(batch, 'environmentConfig'), 'executionConfig');
  const runtimeVersion = textOr(runtime, 'version', defaultVersion);
  checkRuntime(runtime, execution, runtimeVersion);
  const labels = textsByName(batch, 'labels');
  checkLabels(labels);
  const properties = textsByName(runtime, 'properties');
  checkSparkProperties(properties);
  return {
    ...parseIds(request),
    parent: textOr(request, 'parent', ''),
    work: parseWork(batch),
    properties,
    runtimeVersion,
    serviceAccount: textOr(execution, 'serviceAccount', undefined),
    ttlSeconds: parseTtl(execution['ttl']),
    stagingBucket: parseBucket(textOr(execution, 'stagingBucket', undefined)),
    labels,
    asked: Object.fromEntries(Object.entries(batch).filter(([key]) => !outputOnly.includes(key))),
  };
}

function parseIds(request: PlainMessage): Pick<BatchRequest, 'batchId' | 'requestId'> {
  const batchId = textOr(request, 'batchId', undefined) ?? randomUUID();
  if (!/^[a-z0-9-]{4,63}$/.test(batchId))
    throw invalid(`Batch id ${JSON.stringify(batchId)} must be 4-63 characters of [a-z0-9-].`);
  const requestId = textOr(request, 'requestId', undefined);
  if (requestId !== undefined && !/^[A-Za-z0-9_-]{1,40}$/.test(requestId))
    throw invalid('request_id must be at most 40 letters, digits, underscores and hyphens.');
  return { batchId, requestId };
}

function checkRuntime(runtime: Table, execution: Table, version: string): void {
  if (!supportedVersion.test(version))
    throw unimplemented(`Runtime version ${JSON.stringify(version)}; 2.2 and 2.3 are there`);
  if (runtime['containerImage'] !== undefined) throw unimplemented('runtimeConfig.containerImage');
  if (execution['idleTtl'] !== undefined) throw invalid('idle_ttl cannot be set on a batch.');
  const authentication = objectOr(execution, 'authenticationConfig');
  const type = authentication['userWorkloadAuthenticationType'];
  if (type === 'END_USER_CREDENTIALS')
    throw unimplemented('authenticationConfig.userWorkloadAuthenticationType END_USER_CREDENTIALS');
}

function parseWork(batch: Table): PySparkWork {
  const kinds = ['pysparkBatch', ...otherWork].filter((kind) => batch[kind] !== undefined);
  if (kinds.length !== 1)
    throw invalid(
      'Exactly one of pysparkBatch, sparkBatch, sparkRBatch, sparkSqlBatch is required.',
    );
  const other = otherWork.find((kind) => kinds[0] === kind);
  if (other !== undefined) throw unimplemented(other);
  const work = parseObject(batch['pysparkBatch'], 'pysparkBatch');
  const main = textOr(work, 'mainPythonFileUri', '');
  checkFile(main, 'pysparkBatch.mainPythonFileUri', /\.py$/);
  const args = parseList(work['args'] ?? [], 'pysparkBatch.args', parseArgument);
  return {
    kind: 'pyspark',
    mainPythonFileUri: main,
    args,
    pythonFileUris: parseFiles(work, 'pythonFileUris', /\.(?:py|egg|zip)$/),
    jarFileUris: parseFiles(work, 'jarFileUris', /\.jar$/),
    fileUris: parseFiles(work, 'fileUris', /./),
    archiveUris: parseFiles(work, 'archiveUris', /\.(?:jar|tar|tar\.gz|tgz|zip)$/),
  };
}

function parseFiles(work: Table, key: string, ending: RegExp): readonly string[] {
  const where = `pysparkBatch.${key}`;
  return parseList(work[key] ?? [], where, (value, place) => {
    const uri = parseArgument(value, place);
    checkFile(uri, place, ending);
    return uri;
  });
}

/** Spark splits lists of files at commas and archives at `#`. */
function checkFile(uri: string, where: string, ending: RegExp): void {
  const { name } = parseStorageUri(uri, where);
  if (name === '' || !ending.test(name) || /[,#\s]/.test(uri))
    throw invalid(`${where} does not name a supported file: ${JSON.stringify(uri)}.`);
}

function parseArgument(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.includes('\0'))
    throw new ShapeError(`${where} must be a text without NUL characters`);
  return value;
}

function parseTtl(value: unknown): number {
  if (value === undefined) return ttlSeconds.byDefault;
  const duration = parseObject(value, 'ttl');
  const seconds = Number(duration['seconds'] ?? 0) + Number(duration['nanos'] ?? 0) / 1e9;
  if (!(seconds >= ttlSeconds.min && seconds <= ttlSeconds.max))
    throw invalid(`ttl must be from 600s (10 minutes) to 1209600s (14 days), and is ${seconds}s.`);
  return seconds;
}

function parseBucket(bucket: string | undefined): string | undefined {
  if (bucket === undefined) return undefined;
  if (parseStorageUri(`gs://${bucket}`, 'stagingBucket').name !== '')
    throw invalid('stagingBucket must be the name of a bucket.');
  return bucket;
}

function objectOr(table: Table, key: string): Table {
  const value = table[key];
  return value === undefined || value === null ? {} : parseObject(value, key);
}

function textOr<T extends string | undefined>(table: Table, key: string, byDefault: T): string | T {
  const value = table[key];
  return typeof value === 'string' && value !== '' ? value : byDefault;
}

function textsByName(table: Table, key: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOr(table, key));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function invalid(message: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', message);
}

function unimplemented(what: string): ApiError {
  return new ApiError('UNIMPLEMENTED', `${what}: the local Dataproc does not implement it.`);
}
