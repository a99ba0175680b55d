import {
  invalid,
  parseAttribute,
  parseTable,
  parseText,
  type Attribute,
  type Item,
} from './attributes.ts';
import {
  add,
  assign,
  beginsWith,
  COMPARISONS,
  containsValue,
  pick,
  sizeOf,
  subtract,
  toNumber,
  without,
  type Comparison,
} from './values.ts';

/** Tells whether an item meets a condition; an item that is not there is empty. */
export type Condition = (item: Item) => boolean;

/** Makes the item after a change. */
export type Change = (item: Item) => Item;

/** The names and values that stand for others in the expressions of one request. */
export interface Placeholders {
  readonly names: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Reads `ExpressionAttributeNames` and `ExpressionAttributeValues`. @throws AwsError */
export function parsePlaceholders(request: Readonly<Record<string, unknown>>): Placeholders {
  const read = (name: string): Readonly<Record<string, unknown>> =>
    request[name] === undefined ? {} : parseTable(request[name], name);
  return { names: read('ExpressionAttributeNames'), values: read('ExpressionAttributeValues') };
}

/**
 * Reads the expressions of one request, of the grammar that DynamoDB has: what this does not know is refused, as is what is
 * given for an expression and not used there. Source: DynamoDB developer guide, condition and update expressions.
 */
export class Expressions {
  readonly #placeholders: Placeholders;
  readonly #used = new Set<string>();
  #tokens: readonly string[] = [];
  #at = 0;

  constructor(placeholders: Placeholders) {
    this.#placeholders = placeholders;
  }

  /** Reads a condition; none is met by every item. @throws AwsError */
  parseCondition(text: unknown): Condition {
    if (text === undefined) return () => true;
    this.#open(text);
    const condition = this.#parseOr();
    this.#close();
    return condition;
  }

  /** Reads an update expression. @throws AwsError */
  parseChange(text: unknown): Change {
    this.#open(text);
    const changes: Change[] = [];
    const clauses = new Set<string>();
    while (this.#at < this.#tokens.length) {
      const clause = this.#take().toUpperCase();
      if (clauses.has(clause)) throw invalid(`the clause ${clause} is there twice`);
      clauses.add(clause);
      do changes.push(this.#parseAction(clause));
      while (this.#takeIf(','));
    }
    return (item) => changes.reduce((changed, change) => change(changed), item);
  }

  /** Reads a list of attributes. @throws AwsError */
  parseProjection(text: unknown): (item: Item) => Item {
    if (text === undefined) return (item) => item;
    this.#open(text);
    const names: string[] = [];
    do names.push(this.#parsePath());
    while (this.#takeIf(','));
    this.#close();
    return (item) => pick(item, names);
  }

  /** @throws AwsError when a placeholder was given that no expression has used */
  requireAllUsed(): void {
    const { names, values } = this.#placeholders;
    const unused = [...Object.keys(names), ...Object.keys(values)].filter(
      (name) => !this.#used.has(name),
    );
    if (unused.length > 0) throw invalid(`unused in expressions: ${unused.join(', ')}`);
  }

  #open(text: unknown): void {
    const source = parseText(text, 'an expression');
    const tokens = source.match(/[A-Za-z_][\w.-]*|[#:][\w]+|<>|<=|>=|[<>=(),+-]|\S/g) ?? [];
    this.#tokens = tokens;
    this.#at = 0;
  }

  #close(): void {
    if (this.#at < this.#tokens.length) throw invalid(`unexpected ${this.#take()}`);
  }

  #take(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw invalid('the expression ends too early');
    this.#at += 1;
    return token;
  }

  #takeIf(word: string): boolean {
    if (this.#tokens[this.#at]?.toUpperCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #expect(word: string): void {
    if (!this.#takeIf(word)) throw invalid(`${word} is missing`);
  }

  #parseOr(): Condition {
    const parts = [this.#parseAnd()];
    while (this.#takeIf('OR')) parts.push(this.#parseAnd());
    return (item) => parts.some((part) => part(item));
  }

  #parseAnd(): Condition {
    const parts = [this.#parseNot()];
    while (this.#takeIf('AND')) parts.push(this.#parseNot());
    return (item) => parts.every((part) => part(item));
  }

  #parseNot(): Condition {
    if (this.#takeIf('NOT')) {
      const part = this.#parseNot();
      return (item) => !part(item);
    }
    if (!this.#takeIf('(')) return this.#parseTest();
    const inner = this.#parseOr();
    this.#expect(')');
    return inner;
  }

  #parseTest(): Condition {
    if (this.#takeIf('ATTRIBUTE_EXISTS')) {
      const name = this.#parseInParentheses(() => this.#parsePath());
      return (item) => Object.hasOwn(item, name);
    }
    if (this.#takeIf('ATTRIBUTE_NOT_EXISTS')) {
      const name = this.#parseInParentheses(() => this.#parsePath());
      return (item) => !Object.hasOwn(item, name);
    }
    if (this.#takeIf('CONTAINS')) return this.#parsePair(containsValue);
    if (this.#takeIf('BEGINS_WITH')) return this.#parsePair(beginsWith);
    const left = this.#parseOperand();
    const compare = COMPARISONS[this.#take()];
    if (compare === undefined) throw invalid('a comparison is missing');
    const right = this.#parseOperand();
    return (item) => compare(left(item), right(item));
  }

  #parsePair(test: Comparison): Condition {
    return this.#parseInParentheses(() => {
      const left = this.#parseOperand();
      this.#expect(',');
      const right = this.#parseOperand();
      return (item) => test(left(item), right(item));
    });
  }

  #parseInParentheses<T>(parse: () => T): T {
    this.#expect('(');
    const parsed = parse();
    this.#expect(')');
    return parsed;
  }

  #parseOperand(): (item: Item) => Attribute | undefined {
    if (this.#takeIf('SIZE')) {
      const name = this.#parseInParentheses(() => this.#parsePath());
      return (item) => sizeOf(item[name]);
    }
    if (this.#tokens[this.#at]?.startsWith(':') === true) {
      const value = this.#parseValue();
      return () => value;
    }
    const name = this.#parsePath();
    return (item) => item[name];
  }

  #parseValue(): Attribute {
    const name = this.#take();
    if (!name.startsWith(':')) throw invalid(`${name} is no value`);
    this.#used.add(name);
    return parseAttribute(this.#placeholders.values[name], name);
  }

  /** The name of an attribute; parts of attributes are not known here. */
  #parsePath(): string {
    const token = this.#take();
    if (token.startsWith('#')) {
      this.#used.add(token);
      return parseText(this.#placeholders.names[token], token);
    }
    if (!/^[A-Za-z_]\w*$/.test(token) || RESERVED.has(token.toUpperCase()))
      throw invalid(`${token} cannot name an attribute here`);
    return token;
  }

  #parseAction(clause: string): Change {
    const name = this.#parsePath();
    switch (clause) {
      case 'SET':
        this.#expect('=');
        return this.#parseAssignment(name);
      case 'REMOVE':
        return (item) => without(item, name);
      case 'ADD': {
        const value = this.#parseValue();
        return (item) => ({ ...item, [name]: add(item[name], value) });
      }
      case 'DELETE': {
        const value = this.#parseValue();
        return (item) => subtract(item, name, value);
      }
      default:
        throw invalid(`the clause ${clause} is not known`);
    }
  }

  #parseAssignment(name: string): Change {
    if (this.#takeIf('IF_NOT_EXISTS')) {
      return this.#parseInParentheses(() => {
        const path = this.#parsePath();
        this.#expect(',');
        const value = this.#parseOperand();
        return (item) => assign(item, name, item[path] ?? value(item));
      });
    }
    const left = this.#parseOperand();
    const sign = this.#takeIf('+') ? 1 : this.#takeIf('-') ? -1 : 0;
    if (sign === 0) return (item) => assign(item, name, left(item));
    const right = this.#parseOperand();
    return (item) => {
      const sum = toNumber(left(item)) + sign * toNumber(right(item));
      return assign(item, name, { N: String(sum) });
    };
  }
}

/** Of the reserved words, those that are near to names in use. Source: DynamoDB developer guide, reserved words. */
const RESERVED = new Set(
  'STATE STATUS NAME VALUE VALUES KEY KEYS DATE DAY HOUR TTL TIMESTAMP TYPE USER ORDER OWNER SIZE SET COUNT COUNTER SESSION DATA HASH RANGE INDEX ITEM LIMIT'.split(
    ' ',
  ),
);
