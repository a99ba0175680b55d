/** Words of a command line as raw parameters, or a sentence for each word that is none. */
export interface TypedParameters {
  readonly values: Readonly<Record<string, unknown>>;
  readonly faults: readonly string[];
}

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_-]{0,100})=(.*)$/s;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Reads `name=value` words as raw parameters. A value becomes a number, true or false, or JSON where the schema of its
 * parameter wants one and the word is one; anything else stays text, for the validator to judge.
 */
export function toTypedParameters(
  schema: Readonly<Record<string, unknown>>,
  words: readonly string[],
): TypedParameters {
  const values = new Map<string, unknown>();
  const faults: string[] = [];
  for (const word of words) {
    const [, name, text] = ASSIGNMENT.exec(word) ?? [];
    if (name === undefined || text === undefined)
      faults.push(`"${word.slice(0, 100)}" is not of the form name=value.`);
    else if (values.has(name)) faults.push(`The parameter ${name} is given twice.`);
    else values.set(name, toValue(readType(schema, name), text));
  }
  return { values: Object.fromEntries(values), faults };
}

function toValue(type: unknown, text: string): unknown {
  switch (type) {
    case 'integer':
    case 'number':
      return NUMBER.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : text;
    case 'array':
    case 'object':
      return parseOrText(text);
    default:
      return text;
  }
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readType(schema: Readonly<Record<string, unknown>>, name: string): unknown {
  const parameter = readMember(schema['properties'], name);
  return readMember(parameter, 'type');
}

function readMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
