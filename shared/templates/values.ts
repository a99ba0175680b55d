import type { FieldFault } from '../problem.ts';
import type { Template } from './template.ts';

/** What a template says of the values that it takes. */
export type ValueRules = Pick<Template, 'parameters' | 'reads' | 'program'>;

/**
 * Finds what no schema can say of values that passed it: a storage URI must lie under one of the prefixes that the
 * runtime account may read, and an argument must be one to the program too.
 */
export function findValueFaults(
  rules: ValueRules,
  values: Readonly<Record<string, unknown>>,
): readonly FieldFault[] {
  const given = listArguments(rules);
  return Object.entries(rules.parameters['properties'] ?? {}).flatMap(([name, schema]) => {
    const value: unknown = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value !== 'string') return [];
    const message = isStorageUri(schema)
      ? findUriFault(value, rules.reads)
      : given.has(name) && findArgumentFault(value, schema);
    // The template compiler holds names of parameters to letters and digits.
    return typeof message === 'string' ? [{ pointer: `/parameters/${name}`, message }] : [];
  });
}

/** Names of the parameters that become arguments or variables. */
function listArguments({ program }: ValueRules): ReadonlySet<string> {
  const given = 'args' in program ? program.args : Object.values(program.variables);
  return new Set(given.flatMap((each) => (each.kind === 'parameter' ? [each.name] : [])));
}

/**
 * What Hadoop, and what is built on it, reads as more than the name of one object: steps, empty segments, wildcards,
 * choices, a second path behind a comma, and what nobody sees. Hadoop decodes nothing, but who does so before it must
 * not come to a step either. Source: org.apache.hadoop.fs.Path, GlobPattern; mapred.FileInputFormat.getPathStrings.
 */
const NOT_PLAIN = /\/\.\.?(\/|$)|\/\/|[\\\p{C}\p{Zl}\p{Zp}?#*[\]{},]|%(?:2[ef5]|5c|0|1|7f)/iu;

function findUriFault(uri: string, reads: readonly string[]): string | undefined {
  if (!reads.some((prefix) => uri.startsWith(prefix))) {
    return `must lie under ${reads.join(' or ')}`;
  }
  return NOT_PLAIN.test(uri.slice('gs://'.length))
    ? 'must be a plain object URI without empty, "." or ".." segments, commas or wildcards'
    : undefined;
}

/**
 * An argument may be the value of an option, or stand for itself: there a hyphen would begin an option of the caller's
 * choice, and an at sign a file of arguments (JCommander, picocli). No program can be given a null character. A choice
 * among values is its author's.
 */
function findArgumentFault(value: string, schema: unknown): string | undefined {
  if (value.includes('\0')) return 'must not hold a null character';
  const isChoice = hasMember(schema, 'enum') || hasMember(schema, 'const');
  return !isChoice && /^[-@]/.test(value)
    ? 'must not begin with "-" or "@", which the program could take for an option'
    : undefined;
}

function isStorageUri(schema: unknown): boolean {
  return hasMember(schema, 'format') && schema.format === 'storage-uri';
}

function hasMember<Name extends string>(
  value: unknown,
  name: Name,
): value is Readonly<Record<Name, unknown>> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}
