import {
  parseBoolean,
  parseEntries,
  parseJson,
  parseList,
  parseTable,
  parseText,
  parseWholeNumber,
  ShapeError,
} from './shape.ts';
import { parseStorageUri, type StorageUri } from './storage-uri.ts';

/** What accounts may be allowed to do with each kind of resource of Dataproc. */
const verbs = {
  batches: ['create', 'get', 'list', 'cancel', 'delete'],
  clusters: ['get', 'list', 'use'],
  jobs: ['create', 'get', 'list', 'update', 'cancel', 'delete'],
  operations: ['get', 'list', 'cancel', 'delete'],
  workflowTemplates: [
    ...['create', 'get', 'list', 'update', 'delete'],
    ...['instantiate', 'instantiateInline'],
  ],
} as const;

/**
 * A permission of Dataproc, for example `dataproc.batches.create`.
 * Source: https://cloud.google.com/dataproc/docs/concepts/iam/iam
 */
export type Permission = {
  [Kind in keyof typeof verbs]: `dataproc.${Kind}.${(typeof verbs)[Kind][number]}`;
}[keyof typeof verbs];

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

const keys = [
  'project',
  'region',
  'projectNumber',
  'dataDirectory',
  'stdinIsLease',
  'toolchain',
  'awsSts',
  'maxConcurrentRuns',
  'stateDirectory',
  'checkCredentials',
  'clusters',
  'quotas',
  'batchLabelFilter',
  'ports',
  'secrets',
  'stagingBucket',
  'buckets',
  'seed',
  'faults',
  'workloadIdentity',
  'accounts',
  'staticTokens',
];

/**
 * Parses the text of a configuration file strictly: every key is known, present and well typed.
 * @throws ShapeError naming the first key at fault
 */
export function parseConfiguration(text: string): GoogleConfiguration {
  const table = parseTable(parseJson(text, 'the file'), 'the file', keys);
  const configuration = {
    project: parseText(table['project'], 'project'),
    region: parseText(table['region'], 'region'),
    projectNumber: parseText(table['projectNumber'], 'projectNumber'),
    dataDirectory: parsePath(table['dataDirectory'], 'dataDirectory'),
    stdinIsLease: parseBoolean(table['stdinIsLease'], 'stdinIsLease'),
    toolchain: parseToolchain(table['toolchain']),
    awsSts: parseAddress(table['awsSts'], 'awsSts'),
    maxConcurrentRuns: parseWholeNumber(table['maxConcurrentRuns'], 'maxConcurrentRuns', {
      min: 1,
      max: 16,
    }),
    stateDirectory: orNull(table['stateDirectory'], 'stateDirectory', parsePath),
    checkCredentials: parseBoolean(table['checkCredentials'], 'checkCredentials'),
    clusters: parseList(table['clusters'], 'clusters', parseCluster),
    quotas: orNull(table['quotas'], 'quotas', parseQuotas),
    batchLabelFilter: parseBoolean(table['batchLabelFilter'], 'batchLabelFilter'),
    ports: parsePorts(table['ports']),
    secrets: parseEntries(table['secrets'], 'secrets', (value, where) =>
      orNull(value, where, parseText),
    ),
    stagingBucket: parseText(table['stagingBucket'], 'stagingBucket'),
    buckets: parseList(table['buckets'], 'buckets', parseText),
    seed: parseList(table['seed'], 'seed', parseSeed),
    faults: parseBoolean(table['faults'], 'faults'),
    workloadIdentity: parseWorkloadIdentity(table['workloadIdentity']),
    accounts: parseEntries(table['accounts'], 'accounts', parseAccount),
    staticTokens: parseEntries(table['staticTokens'], 'staticTokens', parseText),
  };
  checkReferences(configuration);
  return configuration;
}

function checkReferences(configuration: GoogleConfiguration): void {
  const { buckets, seed, accounts, staticTokens, clusters, stagingBucket } = configuration;
  const named = [
    ...seed.map(({ uri }) => ['seed', uri.bucket] as const),
    ...clusters.map((cluster) => ['clusters', cluster.stagingBucket] as const),
    ['stagingBucket', stagingBucket] as const,
  ];
  const stray = named.find(([, bucket]) => !buckets.includes(bucket));
  if (stray !== undefined)
    throw new ShapeError(`${stray[0]} names the bucket ${stray[1]}, which is not in buckets`);
  const stranger = Object.values(staticTokens).find((email) => !Object.hasOwn(accounts, email));
  if (stranger !== undefined)
    throw new ShapeError(`staticTokens names the account ${stranger}, which is not in accounts`);
}

function orNull<T>(
  value: unknown,
  where: string,
  parse: (value: unknown, where: string) => T,
): T | null {
  return value === null ? null : parse(value, where);
}

function parseCluster(value: unknown, where: string): ClusterConfiguration {
  const table = parseTable(value, where, ['name', 'stagingBucket', 'serviceAccount', 'labels']);
  return {
    name: parseText(table['name'], `${where}.name`),
    stagingBucket: parseText(table['stagingBucket'], `${where}.stagingBucket`),
    serviceAccount: parseText(table['serviceAccount'], `${where}.serviceAccount`),
    labels: parseEntries(table['labels'], `${where}.labels`, parseText),
  };
}

function parseQuotas(value: unknown, where: string): Quotas {
  const names = ['jobOperation', 'getJob', 'workflowOperation', 'other'];
  const table = parseTable(value, where, names);
  const quota = (name: string) =>
    parseWholeNumber(table[name], `${where}.${name}`, { min: 0, max: 1_000_000 });
  return {
    jobOperation: quota('jobOperation'),
    getJob: quota('getJob'),
    workflowOperation: quota('workflowOperation'),
    other: quota('other'),
  };
}

function parsePorts(value: unknown): GoogleConfiguration['ports'] {
  const table = parseTable(value, 'ports', ['google', 'storage']);
  const port = (name: string) =>
    parseWholeNumber(table[name], `ports.${name}`, { min: 0, max: 65_535 });
  return { google: port('google'), storage: port('storage') };
}

function parseToolchain(value: unknown): Toolchain {
  const paths = ['python', 'javaHome', 'sparkHome', 'gcsConnectorJar', 'fakeGcsServer', 'node'];
  const table = parseTable(value, 'toolchain', [...paths, 'classArchive']);
  const path = (name: string) => parsePath(table[name], `toolchain.${name}`);
  return {
    python: path('python'),
    javaHome: path('javaHome'),
    sparkHome: path('sparkHome'),
    gcsConnectorJar: path('gcsConnectorJar'),
    classArchive: table['classArchive'] === null ? null : path('classArchive'),
    fakeGcsServer: path('fakeGcsServer'),
    node: path('node'),
  };
}

function parseSeed(value: unknown, where: string): Seed {
  const table = parseTable(value, where, ['uri', 'file']);
  return {
    uri: parsePrefix(table['uri'], `${where}.uri`),
    file: parsePath(table['file'], `${where}.file`),
  };
}

function parseWorkloadIdentity(value: unknown): WorkloadIdentity {
  const where = 'workloadIdentity';
  const table = parseTable(value, where, ['audience', 'awsAccount', 'impersonation']);
  return {
    audience: parseText(table['audience'], `${where}.audience`),
    awsAccount: parseText(table['awsAccount'], `${where}.awsAccount`),
    impersonation: parseEntries(table['impersonation'], `${where}.impersonation`, parseTexts),
  };
}

function parseAccount(value: unknown, where: string): Account {
  const keys = ['permissions', 'actAs', 'read', 'write', 'sign', 'secrets'];
  const table = parseTable(value, where, keys);
  return {
    permissions: parseList(table['permissions'], `${where}.permissions`, parsePermission),
    actAs: parseTexts(table['actAs'], `${where}.actAs`),
    read: parseList(table['read'], `${where}.read`, parsePrefix),
    write: parseList(table['write'], `${where}.write`, parsePrefix),
    sign: parseBoolean(table['sign'], `${where}.sign`),
    secrets: parseSecretGrants(table['secrets'], `${where}.secrets`),
  };
}

function parseSecretGrants(value: unknown, where: string): SecretGrants {
  const table = parseTable(value, where, ['access', 'manage']);
  return {
    access: parseTexts(table['access'], `${where}.access`),
    manage: parseTexts(table['manage'], `${where}.manage`),
  };
}

/** Every permission that there is. */
export const permissions: readonly Permission[] = Object.entries(verbs).flatMap(([kind, names]) =>
  names.map((verb) => `dataproc.${kind}.${verb}` as Permission),
);

function parsePermission(value: unknown, where: string): Permission {
  const permission = permissions.find((known) => known === value);
  if (permission === undefined)
    throw new ShapeError(`${where} must be a permission like dataproc.batches.create`);
  return permission;
}

function parseTexts(value: unknown, where: string): readonly string[] {
  return parseList(value, where, parseText);
}

function parsePrefix(value: unknown, where: string): StorageUri {
  return parseStorageUri(parseText(value, where), where);
}

function parsePath(value: unknown, where: string): string {
  const path = parseText(value, where);
  if (!path.startsWith('/')) throw new ShapeError(`${where} must be an absolute path`);
  return path;
}

function parseAddress(value: unknown, where: string): string {
  const url = URL.parse(parseText(value, where));
  if (url?.protocol !== 'http:' || url.hostname !== '127.0.0.1')
    throw new ShapeError(`${where} must be like http://127.0.0.1:4566`);
  return url.origin;
}
