import { readJobsConfig, type JobsConfig } from '../config/jobs.ts';
import type { TargetConfig } from '../config/targets.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import { createGoogleTokens, type GoogleTokens } from '../credentials/google-tokens.ts';
import { createDataprocGateway } from '../dataproc/gateway.ts';
import type { BrowsePorts } from '../jobs/browse.ts';
import type { CancelPorts } from '../jobs/cancel.ts';
import type { JobGateway, JobRecords, JobStorage, StorageAccess } from '../jobs/ports.ts';
import type { Guard } from '../policy/guard.ts';
import { Problem } from '../problem.ts';
import type { DynamoDbOptions } from '../records/call.ts';
import { createDynamoDbRecords } from '../records/dynamodb.ts';
import { createJobStorage } from '../storage/objects.ts';
import type { Send } from '../transport.ts';
import { readAwsCredentials } from './aws-credentials.ts';
import { openNetwork } from './network.ts';
import { once, type Runtime } from './runtime.ts';

/** Everything the job functions use, built from the environment. */
export interface JobsApp<Records extends JobRecords = JobRecords> {
  readonly config: JobsConfig;
  readonly records: Records;
  readonly gateway: JobGateway;
  readonly storage: JobStorage;
  readonly browse: BrowsePorts;
  readonly cancel: CancelPorts;
  readonly getTarget: (name: string) => TargetConfig;
  /** How a target's reader or signer reaches storage. */
  readonly toAccess: (target: string, role: 'reader' | 'signer', deadline: Date) => StorageAccess;
}

/** Builds the adapters on first use; what is decided about jobs is recorded by the guard. The returned function throws ConfigError when the environment is wrong. */
export function buildJobsApp(runtime: Runtime, guard: Pick<Guard, 'record'>): () => JobsApp {
  return buildJobsAppOver(createDynamoDbRecords, runtime, guard);
}

/** What the adapters tell: decisions to the guard and, where somebody counts them, each request to Dataproc. */
export interface JobsAppListeners extends Pick<Guard, 'record'> {
  readonly onDataprocCall?: () => void;
}

/** As {@link buildJobsApp}, over records that can do more. */
export function buildJobsAppOver<Records extends JobRecords>(
  createRecords: (options: DynamoDbOptions) => Records,
  runtime: Runtime,
  { record, onDataprocCall }: JobsAppListeners,
): () => JobsApp<Records> {
  return once(() => {
    const config = readJobsConfig(runtime.environment);
    const send = openNetwork(runtime);
    const tokens = buildTokens(config, runtime, send);
    const { endpoints, targets } = config;
    const { now, sleep } = runtime;
    const records = createRecords({
      table: config.table,
      region: config.region,
      endpoint: endpoints.aws,
      credentials: () => readAwsCredentials(runtime),
      send,
      now,
      sleep,
    });
    const gateway = createDataprocGateway({
      targets,
      endpoint: endpoints.dataproc,
      tokens,
      send,
      now,
      sleep,
      ...(onDataprocCall === undefined ? {} : { onCall: onDataprocCall }),
    });
    const storage = createJobStorage({
      endpoint: endpoints.storage,
      iamCredentialsEndpoint: endpoints.iamCredentials,
      tokens,
      send,
      now,
    });
    const getTarget = (name: string): TargetConfig => requireTarget(config, name);
    const readerOf = (name: string): string => getTarget(name).reader;
    const toAccess = (name: string, role: 'reader' | 'signer', deadline: Date): StorageAccess => {
      const target = getTarget(name);
      return { account: toAccountEmail(target[role], target.project), deadline };
    };
    return {
      config,
      records,
      gateway,
      storage,
      browse: {
        deployment: config.deployment,
        records,
        record,
        gateway,
        storage,
        now,
        readerOf,
        accessOf: (name, deadline) => toAccess(name, 'reader', deadline),
      },
      cancel: {
        deployment: config.deployment,
        records,
        record,
        gateway,
        now,
        operatorOf: (name) => getTarget(name).operator,
      },
      getTarget,
      toAccess,
    };
  });
}

function buildTokens(config: JobsConfig, runtime: Runtime, send: Send): GoogleTokens {
  return createGoogleTokens({
    workloadIdentityProvider: config.workloadIdentityProvider,
    region: config.region,
    stsEndpoint: config.endpoints.sts,
    iamCredentialsEndpoint: config.endpoints.iamCredentials,
    awsCredentials: () => readAwsCredentials(runtime),
    send,
    now: runtime.now,
  });
}

function requireTarget(config: JobsConfig, name: string): TargetConfig {
  const target = config.targets.get(name);
  if (target !== undefined) return target;
  throw new Problem(
    'internal',
    'The template’s target is not configured here.',
    {},
    new Error(name),
  );
}
