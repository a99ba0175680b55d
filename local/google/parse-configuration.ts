import {
  type Account,
  type ClusterConfiguration,
  type GoogleConfiguration,
  type Permission,
  permissions,
  type Quotas,
  type SecretGrants,
  type Seed,
  type Toolchain,
  type WorkloadIdentity,
} from './configuration.ts';
import {
  orNull,
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
  'tls',
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
    tls: orNull(table['tls'], 'tls', parseTls),
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

function parseTls(value: unknown, where: string) {
  const table = parseTable(value, where, ['certificate', 'key']);
  return {
    certificate: parsePath(table['certificate'], `${where}.certificate`),
    key: parsePath(table['key'], `${where}.key`),
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
    classArchive: orNull(table['classArchive'], 'toolchain.classArchive', parsePath),
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
