/** The kinds of values that Jobgate keeps. Source: DynamoDB API reference, AttributeValue. */
export type Attribute =
  { readonly S: string } | { readonly N: string } | { readonly SS: readonly string[] };

/** An item, by the names of its attributes. */
export type Item = Readonly<Record<string, Attribute>>;

/** An AWS service's refusal: the last part of its `__type`, and what else its answer holds. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly type: string;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.type = type;
    this.members = members;
  }
}

/** The refusal of a request that is wrong in itself. */
export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** A JSON object; of any other value none. @throws AwsError */
export function parseTable(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw invalid(`${where} must be an object`);
}

/** A table without members that are not known here: what is played must not be less than what is asked. @throws AwsError */
export function parseMembers(
  value: unknown,
  where: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const table = parseTable(value, where);
  const unknown = Object.keys(table).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw invalid(`${where} has the unknown ${unknown.join(', ')}`);
  return table;
}

/** A text. @throws AwsError */
export function parseText(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${where} must be a text`);
}

/** A value of one of the kinds in use; sets are not empty and hold nothing twice. @throws AwsError */
export function parseAttribute(value: unknown, where: string): Attribute {
  const table = parseTable(value, where);
  const [kind, ...others] = Object.keys(table);
  const held: unknown = kind === undefined ? undefined : table[kind];
  if (others.length > 0) throw invalid(`${where} must have one kind`);
  if (kind === 'S' && typeof held === 'string') return { S: held };
  if (kind === 'N' && typeof held === 'string' && /^-?\d{1,30}$/.test(held)) return { N: held };
  if (kind === 'SS' && Array.isArray(held)) {
    const texts = held.map((text: unknown) => parseText(text, where));
    if (texts.length > 0 && new Set(texts).size === texts.length) return { SS: texts };
  }
  throw invalid(`${where} is no value: ${JSON.stringify(value).slice(0, 100)}`);
}

/** Bytes that an item may have. Source: DynamoDB developer guide, limits. */
const MAX_ITEM_BYTES = 400 * 1024;

/** An item. @throws AwsError */
export function parseItem(value: unknown, where: string): Item {
  const entries = Object.entries(parseTable(value, where)).map(
    ([name, attribute]) => [name, parseAttribute(attribute, `${where}.${name}`)] as const,
  );
  const item = Object.fromEntries(entries);
  if (Buffer.byteLength(JSON.stringify(item)) <= MAX_ITEM_BYTES) return item;
  throw invalid('Item size has exceeded the maximum allowed size');
}
