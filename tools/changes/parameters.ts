import { isDeepStrictEqual } from 'node:util';
import { say, type Change, type Definitions, type Effect } from './change.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose lower number admits less, and those whose higher one does. */
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties', 'maxBytes'];
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
/** Keywords that admit nothing more and nothing less. */
const WORDS = ['description', 'title', '$comment', '$schema', 'examples', 'deprecated'];

/** Says what callers may now give or must give otherwise; whatever may refuse a value that was right is breaking. */
export function compareParameters({ before, after }: Definitions): readonly Change[] {
  const [old, own] = [toProperties(before.parameters), toProperties(after.parameters)];
  const names = [...new Set([...old.keys(), ...own.keys()])];
  return [
    ...names.flatMap((name) => compareParameter(name, old.get(name), own.get(name))),
    ...compareRequired(before.parameters, after.parameters),
    ...compareRest(before.parameters, after.parameters),
    ...compareReads({ before, after }),
  ].map(({ effect, text }) => say('parameters', effect, text));
}

interface Said {
  readonly effect: Effect;
  readonly text: string;
}

function compareParameter(
  name: string,
  before: Schema | undefined,
  after: Schema | undefined,
): readonly Said[] {
  if (after === undefined) return [{ effect: 'breaking', text: `${name} is gone` }];
  if (before === undefined) return [{ effect: 'wider', text: `${name} is new` }];
  const keywords = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keywords
    .filter((keyword) => !isDeepStrictEqual(before[keyword], after[keyword]))
    .filter((keyword) => !WORDS.includes(keyword))
    .map((keyword) => {
      const [was, is] = [before[keyword], after[keyword]];
      const text = `${name}: ${keyword} is ${toText(is)} (was ${toText(was)})`;
      return { effect: judge(keyword, was, is), text };
    });
}

/** What cannot be told to admit all that was admitted counts as breaking. */
function judge(keyword: string, was: unknown, is: unknown): Effect {
  if (keyword === 'default') return 'changed';
  if (is === undefined) return keyword === 'type' ? 'breaking' : 'wider';
  if (keyword === 'enum' && Array.isArray(was) && Array.isArray(is))
    return was.every((value) => is.includes(value)) ? 'wider' : 'breaking';
  if (typeof was === 'number' && typeof is === 'number') {
    if (UPPER.includes(keyword)) return is > was ? 'wider' : 'breaking';
    if (LOWER.includes(keyword)) return is < was ? 'wider' : 'breaking';
  }
  return keyword === 'type' && was === 'integer' && is === 'number' ? 'wider' : 'breaking';
}

/** A parameter with a default is never missing: the validators fill it in first. */
function compareRequired(before: Schema, after: Schema): readonly Said[] {
  const [was, is] = [toRequired(before), toRequired(after)];
  const added = is.filter((name) => !was.includes(name));
  const removed = was.filter((name) => !is.includes(name));
  return [
    ...added.map((name): Said => ({ effect: 'breaking', text: `${name} is required` })),
    ...removed
      .filter((name) => toProperties(after).has(name))
      .map((name): Said => ({ effect: 'wider', text: `${name} may be left out` })),
  ];
}

function toRequired(schema: Schema): readonly string[] {
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const properties = toProperties(schema);
  return required.filter((name) => properties.get(name)?.['default'] === undefined);
}

/** Keywords over all parameters, such as dependentRequired, are not understood one by one. */
function compareRest(before: Schema, after: Schema): readonly Said[] {
  const known = ['type', 'additionalProperties', 'properties', 'required', ...WORDS];
  const keywords = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keywords
    .filter((keyword) => !known.includes(keyword))
    .filter((keyword) => !isDeepStrictEqual(before[keyword], after[keyword]))
    .map((keyword) => ({
      effect: after[keyword] === undefined ? 'wider' : 'breaking',
      text: `${keyword} over all parameters is another one`,
    }));
}

/** A storage URI must lie under one of the prefixes that the job may read. */
function compareReads({ before, after }: Definitions): readonly Said[] {
  const uris = [...toProperties(before.parameters)]
    .filter(([, schema]) => schema['format'] === 'storage-uri')
    .map(([name]) => name)
    .filter((name) => toProperties(after.parameters).has(name));
  const lost = before.reads.filter((old) => !after.reads.some((own) => old.startsWith(own)));
  if (uris.length === 0 || lost.length === 0) return [];
  const text = `${uris.join(', ')} may no longer lie anywhere under ${lost.join(' and ')}`;
  return [{ effect: 'breaking', text }];
}

function toProperties(schema: Schema): ReadonlyMap<string, Schema> {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  return new Map(Object.entries(properties));
}

const MOST_CHARACTERS = 120;

function toText(value: unknown): string {
  if (value === undefined) return 'not set';
  const text = JSON.stringify(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
