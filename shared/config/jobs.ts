import { AWS_REGION, readCore, type CoreConfig } from './core.ts';
import { readEndpoints, type Endpoints } from './endpoints.ts';
import { isRecord, readFields, Reader, type Environment } from './reader.ts';

/** One place where Dataproc runs jobs. Accounts are ids; their project is the target's. */
export interface TargetConfig {
  readonly name: string;
  readonly kind: 'batch';
  readonly project: string;
  readonly region: string;
  readonly stagingBucket: string;
  readonly reader: string;
  readonly operator: string;
  readonly signer: string;
  readonly runtimeVersion: string;
}

/** What functions that touch jobs need. */
export interface JobsConfig extends CoreConfig {
  readonly deployment: string;
  readonly region: string;
  readonly table: string;
  readonly targets: ReadonlyMap<string, TargetConfig>;
  readonly workloadIdentityProvider: string;
  readonly endpoints: Endpoints;
}

/** Reads {@link JobsConfig}. @throws ConfigError naming every fault. */
export function readJobsConfig(environment: Environment): JobsConfig {
  const reader = new Reader(environment);
  const core = readCore(reader);
  return reader.finish({
    ...core,
    deployment: reader.text('JOBGATE_DEPLOYMENT', /^[a-z][a-z0-9-]{1,40}$/),
    region: reader.text('AWS_REGION', AWS_REGION),
    table: reader.text('JOBGATE_TABLE', /^[\w.-]{3,255}$/),
    targets: readTargets(reader),
    workloadIdentityProvider: reader.text('JOBGATE_WORKLOAD_IDENTITY_PROVIDER', WIF_PROVIDER),
    endpoints: readEndpoints(reader, core.stage),
  });
}

const WIF_PROVIDER =
  /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{3,32}$/;

const TARGET_FIELDS = [
  'project',
  'region',
  'stagingBucket',
  'reader',
  'operator',
  'signer',
  'runtimeVersion',
] as const;

function readTargets(reader: Reader): ReadonlyMap<string, TargetConfig> {
  const value = reader.json('JOBGATE_TARGETS');
  if (!isRecord(value)) {
    reader.faults.push('JOBGATE_TARGETS must be a JSON object of target name to target');
    return new Map();
  }
  return new Map(
    Object.entries(value).map(([name, entry]) => [name, readTarget(reader, name, entry)]),
  );
}

function readTarget(reader: Reader, name: string, entry: unknown): TargetConfig {
  const where = `JOBGATE_TARGETS.${name}`;
  if (isRecord(entry) && entry['kind'] !== 'batch')
    reader.faults.push(`${where}.kind must be batch`);
  const fields = readFields(reader, entry, { where, names: TARGET_FIELDS });
  const text = (field: (typeof TARGET_FIELDS)[number]): string => fields.get(field) ?? '';
  return {
    name,
    kind: 'batch',
    project: text('project'),
    region: text('region'),
    stagingBucket: text('stagingBucket'),
    reader: text('reader'),
    operator: text('operator'),
    signer: text('signer'),
    runtimeVersion: text('runtimeVersion'),
  };
}
