import { randomUUID } from 'node:crypto';
import { type KnownFields, refuseOtherFields, whole } from './known-fields.ts';
import { checkLabels } from './labels.ts';
import { toLocationName } from './place.ts';
import {
  invalid,
  objectOr,
  parseRequestId,
  parseSeconds,
  refuseMisshapen,
  textOr,
  textsByName,
  unimplemented,
} from './request-fields.ts';
import { isWorkField, parseWork } from './work-request.ts';
import { parseObject, type Table } from '../shape.ts';
import { checkSparkProperties } from '../spark/spark-properties.ts';
import { parseStorageUri } from '../storage-uri.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { SparkWork } from '../spark/work.ts';

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
const workFields = ['pysparkBatch', 'sparkBatch', 'sparkRBatch', 'sparkSqlBatch'] as const;
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
 * There is no network here, so that the place in one means nothing; nor does a key, which changes how
 * Google's disks hold what a batch does, not what it does.
 */
const meaningless = ['networkUri', 'subnetworkUri', 'networkTags', 'kmsKey'];
const known: KnownFields = {
  ...whole(...outputOnly, ...workFields, 'labels'),
  runtimeConfig: {
    ...whole('version', 'properties'),
    autotuningConfig: {},
    repositoryConfig: {},
  },
  environmentConfig: {
    executionConfig: {
      ...whole('serviceAccount', 'idleTtl', 'ttl', 'stagingBucket', ...meaningless),
      authenticationConfig: whole('userWorkloadAuthenticationType'),
    },
    peripheralsConfig: {},
  },
};

const authenticationField =
  'environmentConfig.executionConfig.authenticationConfig.userWorkloadAuthenticationType';

/**
 * Checks a CreateBatchRequest as Dataproc does before it looks at permissions on accounts.
 * @throws ApiError INVALID_ARGUMENT, or UNIMPLEMENTED for what the local Dataproc does not run
 */
export function parseBatchRequest(request: PlainMessage): BatchRequest {
  return refuseMisshapen(() => toBatchRequest(request));
}

function toBatchRequest(request: PlainMessage): BatchRequest {
  if (request['batch'] === undefined) throw invalid('Batch is required.');
  const batch = parseObject(request['batch'], 'batch');
  refuseOtherFields(batch, known);
  const runtime = objectOr(batch, 'runtimeConfig');
  const execution = objectOr(objectOr(batch, 'environmentConfig'), 'executionConfig');
  const runtimeVersion = textOr(runtime, 'version', defaultVersion);
  checkRuntime(execution, runtimeVersion);
  const labels = textsByName(batch, 'labels');
  checkLabels(labels, 'batch');
  const properties = textsByName(runtime, 'properties');
  checkSparkProperties(properties, 'batch');
  return {
    ...parseIds(request),
    parent: toLocationName(textOr(request, 'parent', '')),
    work: parseBatchWork(batch),
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
  return { batchId, requestId: parseRequestId(request) };
}

function checkRuntime(execution: Table, version: string): void {
  if (!supportedVersion.test(version))
    throw unimplemented(`Runtime version ${JSON.stringify(version)}; 2.2 and 2.3 are there`);
  if (execution['idleTtl'] !== undefined) throw invalid('idleTtl cannot be set on a batch.');
  const authentication = objectOr(execution, 'authenticationConfig');
  const type = authentication['userWorkloadAuthenticationType'];
  if (type === 'END_USER_CREDENTIALS')
    throw unimplemented(`${authenticationField} END_USER_CREDENTIALS`);
}

function parseBatchWork(batch: Table): SparkWork {
  const fields = workFields.filter((field) => batch[field] !== undefined);
  const [field] = fields;
  if (field === undefined || fields.length > 1)
    throw invalid(
      'Exactly one of pysparkBatch, sparkBatch, sparkRBatch, sparkSqlBatch is required.',
    );
  if (!isWorkField(field)) throw unimplemented(field);
  return parseWork(field, batch[field]);
}

function parseTtl(value: unknown): number {
  if (value === undefined) return ttlSeconds.byDefault;
  const seconds = parseSeconds(value, 'ttl');
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
