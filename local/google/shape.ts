/** A value from outside that has not the shape it must have; the message says where and what. */
export class ShapeError extends Error {}

/** An object from outside whose values are not checked yet. */
export type Table = Readonly<Record<string, unknown>>;

/** Parses JSON text. @throws ShapeError when it is none */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ShapeError(`${where} is not JSON`);
  }
}

/** Parses an object with any keys. @throws ShapeError */
export function parseObject(value: unknown, where: string): Table {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeError(`${where} must be an object`);
  return value as Table;
}

/** Parses an object that has all of the required keys and no other ones. @throws ShapeError */
export function parseTable(
  value: unknown,
  where: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Table {
  const table = parseObject(value, where);
  const known = [...required, ...optional];
  const unknown = Object.keys(table).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ShapeError(`${where} has the unknown key ${JSON.stringify(unknown)}`);
  const missing = required.find((key) => !Object.hasOwn(table, key));
  if (missing !== undefined)
    throw new ShapeError(`${where} lacks the key ${JSON.stringify(missing)}`);
  return table;
}

/** Parses every value of an object with one parse function. @throws ShapeError */
export function parseEntries<T>(
  value: unknown,
  where: string,
  parse: (value: unknown, where: string) => T,
): Readonly<Record<string, T>> {
  const entries = Object.entries(parseObject(value, where));
  return Object.fromEntries(
    entries.map(([name, entry]) => [name, parse(entry, `${where}[${JSON.stringify(name)}]`)]),
  );
}

/** Parses every item of a list with one parse function. @throws ShapeError */
export function parseList<T>(
  value: unknown,
  where: string,
  parse: (value: unknown, where: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new ShapeError(`${where} must be a list`);
  return value.map((item: unknown, position) => parse(item, `${where}[${position}]`));
}

/** Parses true or false. @throws ShapeError */
export function parseBoolean(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new ShapeError(`${where} must be true or false`);
  return value;
}

/** Parses a text that is not empty. @throws ShapeError */
export function parseText(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '')
    throw new ShapeError(`${where} must be a text that is not empty`);
  return value;
}

/** Parses a whole number in a range, both ends included. @throws ShapeError */
export function parseWholeNumber(
  value: unknown,
  where: string,
  range: { readonly min: number; readonly max: number },
): number {
  const { min, max } = range;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new ShapeError(`${where} must be a whole number from ${min} to ${max}`);
  return value;
}

/** Parses what is not null with a parse function. @throws ShapeError */
export function orNull<T>(
  value: unknown,
  where: string,
  parse: (value: unknown, where: string) => T,
): T | null {
  return value === null ? null : parse(value, where);
}
