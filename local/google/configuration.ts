import type { StorageUri } from './storage-uri.ts';

/**
 * Every permission of Dataproc that there is.
 * Source: https://cloud.google.com/dataproc/docs/concepts/iam/iam
 */
export const permissions = [
  'dataproc.batches.create',
  'dataproc.batches.get',
  'dataproc.batches.list',
  'dataproc.batches.cancel',
  'dataproc.batches.delete',
  'dataproc.clusters.get',
  'dataproc.clusters.list',
  'dataproc.clusters.use',
  'dataproc.jobs.create',
  'dataproc.jobs.get',
  'dataproc.jobs.list',
  'dataproc.jobs.update',
  'dataproc.jobs.cancel',
  'dataproc.jobs.delete',
  'dataproc.operations.get',
  'dataproc.operations.list',
  'dataproc.operations.cancel',
  'dataproc.operations.delete',
  'dataproc.workflowTemplates.create',
  'dataproc.workflowTemplates.get',
  'dataproc.workflowTemplates.list',
  'dataproc.workflowTemplates.update',
  'dataproc.workflowTemplates.delete',
  'dataproc.workflowTemplates.instantiate',
  'dataproc.workflowTemplates.instantiateInline',
] as const;

/** A permission of Dataproc, for example `dataproc.batches.create`. */
export type Permission = (typeof permissions)[number];

/** What one Google service account may do; there is nothing it may do that is not listed. */
export interface Account {
  readonly permissions: readonly Permission[];
  /** Accounts that what this account creates may run as. */
  readonly actAs: readonly string[];
  readonly read: readonly StorageUri[];
  readonly write: readonly StorageUri[];
  /** Whether IAM Credentials signs for it. */
  readonly sign: boolean;
  readonly secrets: SecretGrants;
}

/** Secrets of Secret Manager, by their ids, that an account may use. */
export interface SecretGrants {
  /** Whose versions it may read. */
  readonly access: readonly string[];
  /** Which it may give a new version, and whose old versions it may disable and destroy. */
  readonly manage: readonly string[];
}

/** The AWS provider of the workload identity pool: one AWS account, and who may become whom. */
export interface WorkloadIdentity {
  readonly audience: string;
  readonly awsAccount: string;
  /** AWS role name to the e-mails of the accounts that it may impersonate. */
  readonly impersonation: Readonly<Record<string, readonly string[]>>;
}

/** A cluster that is there from the start. */
export interface ClusterConfiguration {
  readonly name: string;
  /** Bucket for driver output and staged files, one of the configuration's buckets. */
  readonly stagingBucket: string;
  /** Account of the cluster's machines: every job on it runs as this one. */
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * How many requests of each kind a minute admits.
 * Source: https://cloud.google.com/dataproc/quotas
 */
export interface Quotas {
  /** SubmitJob, UpdateJob, CancelJob and DeleteJob together; 400 at Google. */
  readonly jobOperation: number;
  /** GetJob; 7500 at Google. */
  readonly getJob: number;
  /** Calls that change or instantiate workflow templates; 400 at Google. */
  readonly workflowOperation: number;
  /** Everything else; 7500 at Google. */
  readonly other: number;
}

/** Absolute paths of the programs that a driver needs. */
export interface Toolchain {
  readonly python: string;
  readonly javaHome: string;
  readonly sparkHome: string;
  readonly gcsConnectorJar: string;
  /** Shared class archive of Spark, or null when the machine could not make one. */
  readonly classArchive: string | null;
  readonly fakeGcsServer: string;
  readonly node: string;
}

/** A file that is in a bucket from the start. */
export interface Seed {
  readonly uri: StorageUri;
  readonly file: string;
}

/** The whole configuration of the local Google. */
export interface GoogleConfiguration {
  readonly project: string;
  readonly region: string;
  readonly projectNumber: string;
  /** Absolute path of a folder that belongs to this process alone. */
  readonly dataDirectory: string;
  /** Whether the end of standard input means that the parent has died. */
  readonly stdinIsLease: boolean;
  readonly toolchain: Toolchain;
  /** Address of the AWS STS that verifies signed GetCallerIdentity requests. */
  readonly awsSts: string;
  /** How many drivers run at once, 1 to 16; the others wait. */
  readonly maxConcurrentRuns: number;
  /** Absolute path of the folder that outlives the server; null when nothing shall. */
  readonly stateDirectory: string | null;
  /** Whether calls need a token and its account the permission; false lets everybody do everything. */
  readonly checkCredentials: boolean;
  readonly clusters: readonly ClusterConfiguration[];
  /** Null when requests are not counted. */
  readonly quotas: Quotas | null;
  /** Whether ListBatches filters on labels, which Google's references do not agree on. */
  readonly batchLabelFilter: boolean;
  /** Ports to serve on; 0 takes a free one. */
  readonly ports: { readonly google: number; readonly storage: number };
  /** Absolute paths of a certificate and its key, with which Dataproc's port speaks TLS as well. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  /** Secret ids that exist from the start, each with its first version or null for none. */
  readonly secrets: Readonly<Record<string, string | null>>;
  /** Bucket for what names none itself, as `dataproc-staging-…` is at Google. */
  readonly stagingBucket: string;
  readonly buckets: readonly string[];
  readonly seed: readonly Seed[];
  /** Serves /_local/ routes that make calls fail on demand; for tests. */
  readonly faults: boolean;
  readonly workloadIdentity: WorkloadIdentity;
  readonly accounts: Readonly<Record<string, Account>>;
  /** Access tokens that hold from the start, and the account of each. */
  readonly staticTokens: Readonly<Record<string, string>>;
}
