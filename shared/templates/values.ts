import type { FieldFault } from '../problem.ts';
import { findStrayUris, listUriParameters, type UploadPlace } from './storage-uris.ts';
import type { Template } from './template.ts';

/** What a template says of the values that it takes. */
export type ValueRules = Pick<Template, 'parameters' | 'reads' | 'program'>;

/**
 * Finds what no schema can say of values that passed it: a URI must name what the caller may give, and an argument must be
 * one to the program too. `uploads` is where the caller may put files: null, and none of them may be given.
 */
export function findValueFaults(
  rules: ValueRules,
  values: Readonly<Record<string, unknown>>,
  uploads: UploadPlace | null,
): readonly FieldFault[] {
  return [...findStrayUris(rules, values, uploads), ...findArgumentFaults(rules, values)];
}

function findArgumentFaults(
  rules: ValueRules,
  values: Readonly<Record<string, unknown>>,
): readonly FieldFault[] {
  const given = listArguments(rules);
  const uris = new Set(listUriParameters(rules).map(({ name }) => name));
  return Object.entries(rules.parameters['properties'] ?? {}).flatMap(([name, schema]) => {
    const value: unknown = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value !== 'string' || !given.has(name) || uris.has(name)) return [];
    const message = findArgumentFault(value, schema);
    // The template compiler holds names of parameters to letters and digits.
    return message === undefined ? [] : [{ pointer: `/parameters/${name}`, message }];
  });
}

/** Names of the parameters that become arguments or variables. */
function listArguments({ program }: ValueRules): ReadonlySet<string> {
  const given = 'args' in program ? program.args : Object.values(program.variables);
  return new Set(given.flatMap((each) => (each.kind === 'parameter' ? [each.name] : [])));
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

function hasMember<Name extends string>(
  value: unknown,
  name: Name,
): value is Readonly<Record<Name, unknown>> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}
