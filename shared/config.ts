/** The environment as Lambda gives it: names to strings. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One trusted token issuer. Source: RFC 9068 for kind `rfc9068`. */
export interface IssuerConfig {
  readonly name: string;
  readonly kind: 'rfc9068';
  /** Exact `iss` value. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly algorithms: readonly string[];
}

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

/** Base URLs without a trailing slash; every one is production's unless the stage is `local`. */
export interface Endpoints {
  readonly dataproc: string | null;
  readonly storage: string;
  readonly sts: string;
  readonly iamCredentials: string;
  /** Replaces every AWS service's address; null means AWS's own. */
  readonly aws: string | null;
}

/** What every function needs. */
export interface CoreConfig {
  readonly stage: string;
  readonly version: string;
  /** Base of every link, without a trailing slash, including the stage when there is no custom domain. */
  readonly publicUrl: string;
}

/** What the authorizer needs. */
export interface IdentityConfig extends CoreConfig {
  readonly issuers: readonly IssuerConfig[];
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

/** The process cannot serve: the message lists every variable that is missing or wrong, without values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Collects faults so that one message names all of them. */
class Reader {
  readonly faults: string[] = [];
  readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  text(name: string, pattern = /^\S.{0,4095}$/s): string {
    const value = this.environment[name];
    if (value === undefined || value === '') this.faults.push(`${name} is not set`);
    else if (!pattern.test(value)) this.faults.push(`${name} does not match ${pattern.source}`);
    else return value;
    return '';
  }

  json(name: string): unknown {
    const text = this.text(name);
    if (text === '') return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      this.faults.push(
        `${name} is not JSON (${error instanceof SyntaxError ? 'syntax' : 'unknown'})`,
      );
      return undefined;
    }
  }

  finish<T>(config: T): T {
    if (this.faults.length > 0) throw new ConfigError(this.faults.join('; '));
    return Object.freeze(config);
  }
}

/** Reads {@link CoreConfig}. @throws ConfigError naming every fault. */
export function readCoreConfig(environment: Environment): CoreConfig {
  const reader = new Reader(environment);
  return reader.finish(readCore(reader));
}

/** Reads {@link IdentityConfig}. @throws ConfigError naming every fault. */
export function readIdentityConfig(environment: Environment): IdentityConfig {
  const reader = new Reader(environment);
  const core = readCore(reader);
  return reader.finish({ ...core, issuers: readIssuers(reader, core.stage) });
}

/** Reads {@link JobsConfig}. @throws ConfigError naming every fault. */
export function readJobsConfig(environment: Environment): JobsConfig {
  const reader = new Reader(environment);
  const core = readCore(reader);
  return reader.finish({
    ...core,
    deployment: reader.text('JOBGATE_DEPLOYMENT', /^[a-z][a-z0-9-]{1,40}$/),
    region: reader.text('AWS_REGION', /^[a-z]{2}(-[a-z]+)+-\d$/),
    table: reader.text('JOBGATE_TABLE', /^[\w.-]{3,255}$/),
    targets: readTargets(reader),
    workloadIdentityProvider: reader.text('JOBGATE_WORKLOAD_IDENTITY_PROVIDER', WIF_PROVIDER),
    endpoints: readEndpoints(reader, core.stage),
  });
}

const WIF_PROVIDER =
  /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{3,32}$/;
const LOCAL_STAGE = 'local';

function readCore(reader: Reader): CoreConfig {
  const stage = reader.text('JOBGATE_STAGE', /^[a-z][a-z0-9-]{1,20}$/);
  const publicUrl = reader.text('JOBGATE_PUBLIC_URL');
  checkUrl(reader, { name: 'JOBGATE_PUBLIC_URL', value: publicUrl, stage });
  if (publicUrl.endsWith('/')) reader.faults.push('JOBGATE_PUBLIC_URL must not end in a slash');
  return { stage, version: reader.text('JOBGATE_VERSION', /^[\w.-]{1,40}$/), publicUrl };
}

/** Plain http is for the local stage and loopback only. */
function checkUrl(reader: Reader, url: { name: string; value: string; stage: string }): void {
  if (url.value === '') return;
  const parsed = URL.parse(url.value);
  if (parsed?.protocol === 'https:') return;
  const loopback = parsed?.hostname === '127.0.0.1' && parsed.protocol === 'http:';
  if (loopback && url.stage === LOCAL_STAGE) return;
  reader.faults.push(
    `${url.name} must be an https URL (http on 127.0.0.1 only on the local stage)`,
  );
}

const OVERRIDES = {
  dataproc: 'JOBGATE_DATAPROC_ENDPOINT',
  storage: 'JOBGATE_STORAGE_ENDPOINT',
  sts: 'JOBGATE_STS_ENDPOINT',
  iamCredentials: 'JOBGATE_IAM_CREDENTIALS_ENDPOINT',
  aws: 'AWS_ENDPOINT_URL',
} as const satisfies Record<keyof Endpoints, string>;

/** An override on a stage that is not local would send the signed identity elsewhere: it is a fault. */
function readEndpoints(reader: Reader, stage: string): Endpoints {
  const override = (key: keyof Endpoints): string | null => {
    const name = OVERRIDES[key];
    const value = reader.environment[name];
    if (value === undefined || value === '') return null;
    if (stage !== LOCAL_STAGE) {
      reader.faults.push(`${name} may be set on the local stage only`);
    }
    checkUrl(reader, { name, value, stage });
    return value.replace(/\/+$/, '');
  };
  return {
    dataproc: override('dataproc'),
    storage: override('storage') ?? 'https://storage.googleapis.com',
    sts: override('sts') ?? 'https://sts.googleapis.com',
    iamCredentials: override('iamCredentials') ?? 'https://iamcredentials.googleapis.com',
    aws: override('aws'),
  };
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

function readIssuers(reader: Reader, stage: string): readonly IssuerConfig[] {
  const value = reader.json('JOBGATE_ISSUERS');
  if (!Array.isArray(value) || value.length === 0) {
    reader.faults.push('JOBGATE_ISSUERS must be a JSON array with at least one issuer');
    return [];
  }
  const issuers = value.map((entry: unknown, index) => readIssuer(reader, entry, { index, stage }));
  for (const [index, { issuer }] of issuers.entries()) {
    const first = issuers.findIndex((other) => other.issuer === issuer);
    if (first < index) reader.faults.push(`JOBGATE_ISSUERS[${index}].issuer is listed before`);
  }
  return issuers;
}

function readIssuer(
  reader: Reader,
  entry: unknown,
  place: { index: number; stage: string },
): IssuerConfig {
  const where = `JOBGATE_ISSUERS[${place.index}]`;
  const fields = readFields(reader, entry, {
    where,
    names: ['name', 'kind', 'issuer', 'audience', 'jwksUri'],
  });
  if (fields.get('kind') !== 'rfc9068') reader.faults.push(`${where}.kind must be rfc9068`);
  const jwksUri = fields.get('jwksUri') ?? '';
  checkUrl(reader, { name: `${where}.jwksUri`, value: jwksUri, stage: place.stage });
  const algorithms = isRecord(entry) ? entry['algorithms'] : undefined;
  if (!isStringArray(algorithms) || !algorithms.every((name) => ALGORITHMS.includes(name))) {
    reader.faults.push(`${where}.algorithms must list some of ${ALGORITHMS.join(', ')}`);
  }
  return {
    name: fields.get('name') ?? '',
    kind: 'rfc9068',
    issuer: fields.get('issuer') ?? '',
    audience: fields.get('audience') ?? '',
    jwksUri,
    algorithms: isStringArray(algorithms) ? algorithms : [],
  };
}

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

/** Values that become parts of URLs and account names: one strict alphabet for all but URLs and audiences. */
function readFields(
  reader: Reader,
  entry: unknown,
  options: { where: string; names: readonly string[] },
): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const name of options.names) {
    const value = isRecord(entry) ? entry[name] : undefined;
    const pattern = /^(jwksUri|issuer|audience)$/.test(name)
      ? /^\S{1,512}$/
      : /^[a-z0-9][\w.:-]{0,99}$/;
    if (typeof value === 'string' && pattern.test(value)) fields.set(name, value);
    else reader.faults.push(`${options.where}.${name} is missing or malformed`);
  }
  return fields;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
  );
}
