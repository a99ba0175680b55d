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

const dataprocVerbs = ['create', 'get', 'list', 'cancel', 'delete'] as const;

/** One of the things that an account may be allowed to do with batches. */
export type DataprocVerb = (typeof dataprocVerbs)[number];

/** What one Google service account may do; there is nothing it may do that is not listed. */
export interface Account {
  readonly dataproc: readonly DataprocVerb[];
  /** Accounts that a batch of this account may run as. */
  readonly actAs: readonly string[];
  readonly read: readonly StorageUri[];
  readonly write: readonly StorageUri[];
  /** Whether IAM Credentials signs for it. */
  readonly sign: boolean;
}

/** The AWS provider of the workload identity pool: one AWS account, and who may become whom. */
export interface WorkloadIdentity {
  readonly audience: string;
  readonly awsAccount: string;
  /** AWS role name to the e-mails of the accounts that it may impersonate. */
  readonly impersonation: Readonly<Record<string, readonly string[]>>;
}

/** Absolute paths of the programs that a batch needs. */
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
  /** How many batches run at once, 1 to 16; the others are PENDING. */
  readonly maxConcurrentBatches: number;
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
  'maxConcurrentBatches',
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
    maxConcurrentBatches: parseWholeNumber(table['maxConcurrentBatches'], 'maxConcurrentBatches', {
      min: 1,
      max: 16,
    }),
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

function checkReferences({ buckets, seed, accounts, staticTokens }: GoogleConfiguration): void {
  const stray = seed.find(({ uri }) => !buckets.includes(uri.bucket));
  if (stray !== undefined)
    throw new ShapeError(`seed names the bucket ${stray.uri.bucket}, which is not in buckets`);
  const stranger = Object.values(staticTokens).find((email) => !Object.hasOwn(accounts, email));
  if (stranger !== undefined)
    throw new ShapeError(`staticTokens names the account ${stranger}, which is not in accounts`);
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
  const table = parseTable(value, where, ['dataproc', 'actAs', 'read', 'write', 'sign']);
  return {
    dataproc: parseList(table['dataproc'], `${where}.dataproc`, parseVerb),
    actAs: parseTexts(table['actAs'], `${where}.actAs`),
    read: parseList(table['read'], `${where}.read`, parsePrefix),
    write: parseList(table['write'], `${where}.write`, parsePrefix),
    sign: parseBoolean(table['sign'], `${where}.sign`),
  };
}

function parseVerb(value: unknown, where: string): DataprocVerb {
  const verb = dataprocVerbs.find((known) => known === value);
  if (verb === undefined)
    throw new ShapeError(`${where} must be one of ${dataprocVerbs.join(', ')}`);
  return verb;
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
