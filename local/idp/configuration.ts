/** What one confidential client of the local identity provider is and may ask for. */
export interface ClientAccount {
  readonly id: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
}

/** What one person who may log in to the local identity provider belongs to. */
export interface UserAccount {
  readonly groups: readonly string[];
}

/** The whole configuration of the local identity provider. */
export interface IdpConfiguration {
  readonly stdinIsLease: boolean;
  /** The audience of every access token, and the only `resource` that is accepted. */
  readonly audience: string;
  readonly clients: Readonly<Record<string, ClientAccount>>;
  readonly users: Readonly<Record<string, UserAccount>>;
  /** Life of an access token in seconds, 1 to 86400; 900 when the file does not say. */
  readonly accessTokenSeconds: number;
  /** Serves the routes under /_local/, which sign anything: for tests only; off by default. */
  readonly testHooks: boolean;
}

/** A configuration file that does not say what it must; the message names the key. */
export class ConfigurationError extends Error {}

type Table = Readonly<Record<string, unknown>>;

const requiredKeys = ['stdinIsLease', 'audience', 'clients'];
const optionalKeys = ['users', 'accessTokenSeconds', 'testHooks'];

/**
 * Parses the text of a configuration file strictly: every key is known, present and well typed.
 * @throws ConfigurationError naming the first key at fault
 */
export function parseIdpConfiguration(text: string): IdpConfiguration {
  const table = parseTable(parseJson(text), 'the file', requiredKeys, optionalKeys);
  return {
    stdinIsLease: parseBoolean(table['stdinIsLease'], 'stdinIsLease'),
    audience: parseText(table['audience'], 'audience'),
    clients: parseClients(table['clients']),
    users: parseEntries(table['users'] ?? {}, 'users', parseUser),
    accessTokenSeconds: parseSeconds(table['accessTokenSeconds'] ?? 900, 'accessTokenSeconds'),
    testHooks: parseBoolean(table['testHooks'] ?? false, 'testHooks'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigurationError('the file is not JSON');
  }
}

function parseClients(value: unknown): Record<string, ClientAccount> {
  const clients = parseEntries(value, 'clients', parseClient);
  const ids = Object.values(clients).map((client) => client.id);
  const repeated = ids.find((id, position) => ids.indexOf(id) !== position);
  if (repeated !== undefined)
    throw new ConfigurationError(`two clients have the id ${JSON.stringify(repeated)}`);
  return clients;
}

function parseClient(value: unknown, where: string): ClientAccount {
  const table = parseTable(value, where, ['id', 'secret', 'scopes', 'groups'], []);
  return {
    id: parseText(table['id'], `${where}.id`),
    secret: parseText(table['secret'], `${where}.secret`),
    scopes: parseTexts(table['scopes'], `${where}.scopes`),
    groups: parseTexts(table['groups'], `${where}.groups`),
  };
}

function parseUser(value: unknown, where: string): UserAccount {
  const table = parseTable(value, where, ['groups'], []);
  return { groups: parseTexts(table['groups'], `${where}.groups`) };
}

function parseEntries<T>(
  value: unknown,
  where: string,
  parse: (value: unknown, where: string) => T,
): Record<string, T> {
  const entries = Object.entries(parseObject(value, where));
  return Object.fromEntries(
    entries.map(([name, entry]) => [name, parse(entry, `${where}.${name}`)]),
  );
}

function parseTable(
  value: unknown,
  where: string,
  required: readonly string[],
  optional: readonly string[],
): Table {
  const table = parseObject(value, where);
  const unknown = Object.keys(table).find(
    (key) => !required.includes(key) && !optional.includes(key),
  );
  if (unknown !== undefined)
    throw new ConfigurationError(`${where} has the unknown key ${JSON.stringify(unknown)}`);
  const missing = required.find((key) => !Object.hasOwn(table, key));
  if (missing !== undefined)
    throw new ConfigurationError(`${where} lacks the key ${JSON.stringify(missing)}`);
  return table;
}

function parseObject(value: unknown, where: string): Table {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigurationError(`${where} must be an object`);
  return value as Table;
}

function parseBoolean(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new ConfigurationError(`${where} must be true or false`);
  return value;
}

function parseText(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '')
    throw new ConfigurationError(`${where} must be a text that is not empty`);
  return value;
}

function parseTexts(value: unknown, where: string): readonly string[] {
  if (!Array.isArray(value)) throw new ConfigurationError(`${where} must be a list of texts`);
  return value.map((item: unknown, position) => parseText(item, `${where}[${position}]`));
}

function parseSeconds(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 86_400)
    throw new ConfigurationError(`${where} must be a whole number of seconds from 1 to 86400`);
  return value;
}
