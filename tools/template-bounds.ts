import { isSafe } from 'redos-detector';

/** A part of a parameter schema that a caller could make too costly, or that would not hold, and the path to it. */
export interface BoundFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Path = BoundFault['path'];

interface Node {
  readonly path: Path;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Where a schema holds others. Source: JSON Schema 2020-12. */
const ONE = ['items', 'additionalProperties', 'propertyNames', 'contains', 'not', 'if', 'then'];
const ALSO_ONE = ['else', 'unevaluatedItems', 'unevaluatedProperties'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', 'dependentSchemas', '$defs'];

/** Comparing each item with each other one: a body has room for 32,000. */
const MOST_UNIQUE = 100;
/** Schemas in one another when all references are followed; those of the shipped templates have fewer than ten. */
const MOST_SCHEMAS = 1_000;
/** How often a pattern may try again in all, and how far that is looked into; both are counts, and no times. */
const PATTERN_BOUNDS = { maxScore: 200, maxSteps: 2_000 } as const;

/**
 * Finds what would let a caller's value cost more than reading it: patterns that try again and again, comparisons of
 * every item with every other, references in a circle or in a cascade; and names that every object seems to have.
 */
export function findBoundFaults(parameters: unknown): readonly BoundFault[] {
  const root: Node = { path: ['parameters'], schema: toMembers(parameters) };
  const nodes = listNodes(root);
  const faults = nodes.flatMap((node) => [
    ...findPatternFaults(node),
    ...findNameFaults(node),
    ...findOwnFaults(node),
  ]);
  if (faults.length > 0 || countSchemas(root.schema, root.schema, []) <= MOST_SCHEMAS) {
    return faults;
  }
  const message = `refers to itself, or comes to more than ${MOST_SCHEMAS} schemas with all that it refers to`;
  return [{ path: root.path, message }];
}

function listNodes(node: Node): readonly Node[] {
  return [node, ...listParts(node).flatMap(listNodes)];
}

function listParts({ path, schema }: Node): readonly Node[] {
  const at = (part: unknown, ...rest: Path): readonly Node[] =>
    typeof part === 'object' && part !== null
      ? [{ path: [...path, ...rest], schema: toMembers(part) }]
      : [];
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (ONE.includes(keyword) || ALSO_ONE.includes(keyword)) return at(value, keyword);
    if (!LISTS.includes(keyword) && !MAPS.includes(keyword)) return [];
    return Object.entries(toMembers(value)).flatMap(([key, part]) => at(part, keyword, key));
  });
}

function findPatternFaults({ path, schema }: Node): readonly BoundFault[] {
  const names = Object.keys(toMembers(schema['patternProperties']));
  const own = typeof schema['pattern'] === 'string' ? [schema['pattern']] : [];
  const all = [
    ...own.map((pattern) => ({ path: [...path, 'pattern'], pattern })),
    ...names.map((pattern) => ({ path: [...path, 'patternProperties', pattern], pattern })),
  ];
  return all
    .filter(({ pattern }) => !isBounded(pattern))
    .map((each) => ({
      path: each.path,
      message:
        'may try a long text again and again, as far as can be told: anchor it, and let no two repetitions that follow or hold each other take the same characters',
    }));
}

/** What the judge of patterns cannot read, as a name of a group, it cannot vouch for. */
function isBounded(pattern: string): boolean {
  try {
    return isSafe(new RegExp(pattern, 'u'), PATTERN_BOUNDS).safe;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** `constructor`, `toString` and such are there to a validator when they are not. */
function findNameFaults({ path, schema }: Node): readonly BoundFault[] {
  return Object.keys(toMembers(schema['properties']))
    .filter((name) => name in Object.prototype)
    .map((name) => ({
      path: [...path, 'properties', name],
      message: 'has a name that every object has in JavaScript: choose another',
    }));
}

function findOwnFaults({ path, schema }: Node): readonly BoundFault[] {
  const { uniqueItems, maxItems, $ref: reference } = schema;
  const unique =
    uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= MOST_UNIQUE)
      ? [{ path: [...path, 'uniqueItems'], message: `needs maxItems of at most ${MOST_UNIQUE}` }]
      : [];
  const bytes =
    'maxBytes' in schema && schema['format'] !== 'upload-uri'
      ? [{ path: [...path, 'maxBytes'], message: 'goes with format: upload-uri and no other' }]
      : [];
  const foreign = typeof reference === 'string' && toDefinition(reference) === undefined;
  const references = [
    ...(foreign ? [{ path: [...path, '$ref'], message: 'must be of the form #/$defs/name' }] : []),
    ...('$dynamicRef' in schema
      ? [{ path: [...path, '$dynamicRef'], message: 'is not taken' }]
      : []),
  ];
  return [...unique, ...bytes, ...references];
}

function toDefinition(reference: string): string | undefined {
  return /^#\/\$defs\/([A-Za-z0-9_-]+)$/.exec(reference)?.[1];
}

/** Counts a schema and all below it, each reference as what it leads to; more than the most once that is passed. */
function countSchemas(
  schema: Readonly<Record<string, unknown>>,
  root: Readonly<Record<string, unknown>>,
  within: readonly string[],
): number {
  const { $ref: reference } = schema;
  const parts = listParts({ path: [], schema }).filter(({ path }) => path[0] !== '$defs');
  let count = 1;
  for (const part of parts) {
    if (count > MOST_SCHEMAS) return count;
    count += countSchemas(part.schema, root, within);
  }
  const name = typeof reference === 'string' ? toDefinition(reference) : undefined;
  if (name === undefined) return count;
  if (within.includes(name)) return Number.POSITIVE_INFINITY;
  const definition = toMembers(toMembers(root['$defs'])[name]);
  return count + countSchemas(definition, root, [...within, name]);
}

function toMembers(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
