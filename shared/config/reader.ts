import { hasUniqueMembers } from './unique-members.ts';

/** The environment as Lambda gives it: names to strings. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process cannot serve: the message lists every variable that is missing or wrong, without values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Collects faults so that one message names all of them. */
export class Reader {
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
      const value: unknown = JSON.parse(text);
      if (!hasUniqueMembers(text)) this.faults.push(`${name} has a member twice`);
      return value;
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

/** Values that become parts of URLs and account names: one strict alphabet for all but URLs and audiences. */
export function readFields(
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

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringArray(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
  );
}
