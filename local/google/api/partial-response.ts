import protobuf from 'protobufjs';
import { ApiError } from './api-error.ts';
import { isJsonObject } from './request-json.ts';
import { toCamelCase } from './routes.ts';

/** The fields of a response that are asked for; a field without any below it is asked for as a whole. */
type Mask = ReadonlyMap<string, Mask>;
type GrowingMask = Map<string, GrowingMask>;

const tokenPattern = /([A-Za-z_][A-Za-z0-9_]*|\*)|([.,/()])/y;
const maxLength = 2000;

/**
 * Makes a selection of what the parameter `fields` asks for: paths with commas between them, in which parentheses hold
 * what is wanted of a field. Without the parameter everything is selected.
 * Source: https://cloud.google.com/apis/docs/system-parameters
 * @throws ApiError INVALID_ARGUMENT for a field that the response has not
 */
export function makeSelection(
  type: protobuf.Type,
  query: URLSearchParams,
): (response: unknown) => unknown {
  const text = query.get('$fields') ?? query.get('fields') ?? '';
  if (text === '') return (response) => response;
  if (text.length > maxLength) throw invalid(`it is longer than ${maxLength}`);
  const mask = new MaskParser(tokenize(text)).parse();
  checkNames(mask, type);
  return (response) => select(response, mask);
}

class MaskParser {
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): Mask {
    const mask: GrowingMask = new Map();
    this.#parseList([mask]);
    if (this.#position < this.#tokens.length) throw invalid('a parenthesis is not opened');
    return mask;
  }

  #parseList(into: readonly GrowingMask[]): void {
    do this.#parsePath(into);
    while (this.#take(','));
  }

  #parsePath(into: readonly GrowingMask[]): void {
    let ends = into;
    do {
      const name = this.#next();
      if (!/^[A-Za-z_*]/.test(name)) throw invalid(`${JSON.stringify(name)} is no field`);
      ends = ends.map((mask) => grow(mask, toCamelCase(name)));
    } while (this.#take('.') || this.#take('/'));
    if (!this.#take('(')) return;
    this.#parseList(ends);
    if (!this.#take(')')) throw invalid('a parenthesis is not closed');
  }

  #next(): string {
    const token = this.#tokens[this.#position];
    if (token === undefined) throw invalid('it ends too early');
    this.#position += 1;
    return token;
  }

  #take(wanted: string): boolean {
    if (this.#tokens[this.#position] !== wanted) return false;
    this.#position += 1;
    return true;
  }
}

function tokenize(text: string): readonly string[] {
  const pattern = new RegExp(tokenPattern);
  const tokens: string[] = [];
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const [token] = pattern.exec(text) ?? [];
    if (token === undefined)
      throw invalid(`${JSON.stringify(text.slice(at, at + 20))} is no field`);
    tokens.push(token);
  }
  return tokens;
}

function grow(mask: GrowingMask, name: string): GrowingMask {
  const known = mask.get(name) ?? new Map<string, GrowingMask>();
  mask.set(name, known);
  return known;
}

/** What is in a map, or in a value of any type, has no names that are known. */
function checkNames(mask: Mask, type: protobuf.Type): void {
  for (const [name, below] of mask) {
    if (name === '*') continue;
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;
    if (field === undefined) throw invalid(`${type.name} has no field ${JSON.stringify(name)}`);
    const nested = field.resolve().resolvedType;
    const hasNames = nested instanceof protobuf.Type && !isWellKnown(nested) && !field.map;
    if (hasNames) checkNames(below, nested);
  }
}

function isWellKnown({ fullName }: protobuf.Type): boolean {
  return fullName.startsWith('.google.protobuf.');
}

function select(value: unknown, mask: Mask): unknown {
  if (mask.size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => select(item, mask));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).flatMap(([name, child]) => {
    const below = mask.get(name) ?? mask.get('*');
    return below === undefined ? [] : [[name, select(child, below)] as const];
  });
  return Object.fromEntries(kept);
}

function invalid(reason: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', `Invalid field selection: ${reason}.`);
}
