import { checkUrl, readCore, type CoreConfig } from './core.ts';
import { hasIssuerForm, type IssuerKind } from './issuer-kinds.ts';
import { readAlgorithms, readKind, readOptions, type IssuerOptions } from './issuer-members.ts';
import { isRecord, readFields, Reader, type Environment } from './reader.ts';

/** One trusted token issuer. docs/identity.md explains every member. */
export interface IssuerConfig extends IssuerOptions {
  /** What template rules and logs call it. */
  readonly name: string;
  readonly kind: IssuerKind;
  /** Exact `iss` value. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly algorithms: readonly string[];
}

/** The trusted issuers. */
export interface IdentityConfig extends CoreConfig {
  readonly issuers: readonly IssuerConfig[];
}

/** What the authorizer needs. */
export interface AuthorizerConfig extends IdentityConfig {
  readonly deployment: string;
  /** API keys in the pool of each usage plan. */
  readonly planKeys: number;
}

/** Reads {@link IdentityConfig}. @throws ConfigError naming every fault. */
export function readIdentityConfig(environment: Environment): IdentityConfig {
  const reader = new Reader(environment);
  const core = readCore(reader);
  return reader.finish({ ...core, issuers: readIssuers(reader, core.stage) });
}

/** Reads {@link AuthorizerConfig}. @throws ConfigError naming every fault. */
export function readAuthorizerConfig(environment: Environment): AuthorizerConfig {
  const reader = new Reader(environment);
  const core = readCore(reader);
  return reader.finish({
    ...core,
    issuers: readIssuers(reader, core.stage),
    deployment: reader.text('JOBGATE_DEPLOYMENT', /^[a-z][a-z0-9-]{1,40}$/),
    planKeys: Number(reader.text('JOBGATE_PLAN_KEYS', /^([1-9]|[1-4]\d|50)$/)),
  });
}

const OPTIONAL_MEMBERS = [
  'clients',
  'groupsClaim',
  'rolesClaim',
  'maxTokenAgeSeconds',
  'tokenScopes',
  'grants',
  'plan',
  'plans',
  'loginClient',
];
const TEXT_MEMBERS = ['name', 'issuer', 'audience', 'jwksUri'];
const MEMBERS = new Set([...TEXT_MEMBERS, ...OPTIONAL_MEMBERS, 'kind', 'algorithms']);

function readIssuers(reader: Reader, stage: string): readonly IssuerConfig[] {
  const value = reader.json('JOBGATE_ISSUERS');
  if (!Array.isArray(value) || value.length === 0) {
    reader.faults.push('JOBGATE_ISSUERS must be a JSON array with at least one issuer');
    return [];
  }
  const issuers = value.map((entry: unknown, index) =>
    readIssuer(reader, entry, { where: `JOBGATE_ISSUERS[${index}]`, stage }),
  );
  for (const member of ['issuer', 'name'] as const) {
    const values = issuers.map((issuer) => issuer[member]);
    for (const [index, text] of values.entries()) {
      if (text !== '' && values.indexOf(text) < index)
        reader.faults.push(`JOBGATE_ISSUERS[${index}].${member} is listed before`);
    }
  }
  return issuers;
}

interface Place {
  readonly where: string;
  readonly stage: string;
}

function readIssuer(reader: Reader, entry: unknown, { where, stage }: Place): IssuerConfig {
  const members = isRecord(entry) ? entry : {};
  for (const name of Object.keys(members).filter((member) => !MEMBERS.has(member)))
    reader.faults.push(`${where}.${name.slice(0, 40)} is unknown`);
  const fields = readFields(reader, entry, { where, names: TEXT_MEMBERS });
  const [name = '', issuer = '', audience = '', jwksUri = ''] = TEXT_MEMBERS.map(
    (member) => fields.get(member) ?? '',
  );
  if (!/^[a-z0-9-]{0,40}$/.test(name))
    reader.faults.push(`${where}.name must be 1 to 40 of a-z, 0-9 and -`);
  checkUrl(reader, { name: `${where}.jwksUri`, value: jwksUri, stage });
  const kind = readKind(reader, members['kind'], where);
  if (issuer !== '' && !hasIssuerForm(kind, issuer, stage))
    reader.faults.push(`${where}.issuer has not the form of ${kind} issuers`);
  return {
    ...{ name, kind, issuer, audience, jwksUri },
    algorithms: readAlgorithms(reader, members['algorithms'], where),
    ...readOptions(reader, members, { where, kind }),
  };
}
