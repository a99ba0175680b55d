import { AWS_REGION, readCore, type CoreConfig } from './core.ts';
import { readEndpoints, type Endpoints } from './endpoints.ts';
import { Reader, type Environment } from './reader.ts';
import { readTargets, type TargetConfig } from './targets.ts';
import { readUploads, type UploadsConfig } from './uploads.ts';

/** What functions that touch jobs need. */
export interface JobsConfig extends CoreConfig {
  readonly deployment: string;
  readonly region: string;
  readonly table: string;
  readonly targets: ReadonlyMap<string, TargetConfig>;
  readonly workloadIdentityProvider: string;
  readonly endpoints: Endpoints;
  /** Null when callers may put no files of their own anywhere. */
  readonly uploads: UploadsConfig | null;
}

/** Reads {@link JobsConfig}. @throws ConfigError naming every fault. */
export function readJobsConfig(environment: Environment): JobsConfig {
  const reader = new Reader(environment);
  return reader.finish(readJobs(reader));
}

/** Reads {@link JobsConfig} with a reader that has more to read. */
export function readJobs(reader: Reader): JobsConfig {
  const core = readCore(reader);
  const config = {
    ...core,
    deployment: reader.text('JOBGATE_DEPLOYMENT', /^[a-z][a-z0-9-]{1,40}$/),
    region: reader.text('AWS_REGION', AWS_REGION),
    table: reader.text('JOBGATE_TABLE', /^[\w.-]{3,255}$/),
    targets: readTargets(reader),
    workloadIdentityProvider: reader.text('JOBGATE_WORKLOAD_IDENTITY_PROVIDER', WIF_PROVIDER),
    endpoints: readEndpoints(reader, core.stage),
  };
  return { ...config, uploads: readUploads(reader, config.targets) };
}

const WIF_PROVIDER =
  /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{3,32}$/;
