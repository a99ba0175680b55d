import { ApiError } from '../api/api-error.ts';
import type { Batch } from './batch.ts';

type Test = (batch: Batch) => boolean;

const tokenPattern = /\s*(?:(\(|\))|(<=|>=|!=|=|<|>|:)|"((?:[^"\\]|\\.)*)"|([^\s()<>=!:"]+))/y;
const fieldNames = ['batch_id', 'batch_uuid', 'state', 'create_time'];
const labelPattern = /^labels\.([A-Za-z0-9_-]{1,63})$/;
const maxDepth = 50;
const maxLength = 4000;

interface Token {
  readonly kind: 'parenthesis' | 'operator' | 'quoted' | 'word';
  readonly text: string;
}

/**
 * Parses the filter of ListBatches: comparisons of batch_id, batch_uuid, state and create_time,
 * joined by AND, OR, NOT and parentheses; OR binds tighter than AND. Google's REST reference has
 * labels too, the shipped protos do not: they are refused unless `labels` says otherwise.
 * Source: https://google.aip.dev/160
 * @throws ApiError INVALID_ARGUMENT
 */
export function parseBatchFilter(text: string, { labels = false } = {}): Test {
  if (text.length > maxLength) throw invalid(`it is longer than ${maxLength}`);
  const tokens = tokenize(text);
  if (tokens.length === 0) return () => true;
  const parser = new FilterParser(tokens, labels);
  const test = parser.parseExpression();
  parser.expectEnd();
  return test;
}

class FilterParser {
  readonly #tokens: readonly Token[];
  readonly #labels: boolean;
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], labels: boolean) {
    this.#tokens = tokens;
    this.#labels = labels;
  }

  parseExpression(): Test {
    const tests = [this.#parseFactor()];
    while (this.#takeWord('AND') || this.#startsTerm()) tests.push(this.#parseFactor());
    return (batch) => tests.every((test) => test(batch));
  }

  expectEnd(): void {
    const token = this.#tokens[this.#position];
    if (token !== undefined) throw invalid(`${JSON.stringify(token.text)} is not expected there`);
  }

  #parseFactor(): Test {
    const tests = [this.#parseTerm()];
    while (this.#takeWord('OR')) tests.push(this.#parseTerm());
    return (batch) => tests.some((test) => test(batch));
  }

  #parseTerm(): Test {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw invalid('it is nested too deeply');
    const test = this.#parseNested();
    this.#depth -= 1;
    return test;
  }

  #parseNested(): Test {
    if (this.#takeWord('NOT')) {
      const test = this.#parseTerm();
      return (batch) => !test(batch);
    }
    if (this.#peek()?.text === '(' && this.#peek()?.kind === 'parenthesis') {
      this.#position += 1;
      const test = this.parseExpression();
      if (this.#next().text !== ')') throw invalid('a parenthesis is not closed');
      return test;
    }
    return this.#parseComparison();
  }

  #parseComparison(): Test {
    const field = this.#next();
    if (field.kind !== 'word' || !this.#isField(field.text))
      throw invalid(`${JSON.stringify(field.text)} is not one of ${fieldNames.join(', ')}`);
    const operator = this.#next();
    if (operator.kind !== 'operator') throw invalid(`${field.text} is not compared with anything`);
    const value = this.#readValue();
    return compare(field.text, operator.text, value);
  }

  #isField(text: string): boolean {
    return fieldNames.includes(text) || (this.#labels && labelPattern.test(text));
  }

  /** An unquoted time has colons, which are operators elsewhere. */
  #readValue(): string {
    const first = this.#next();
    if (first.kind === 'quoted') return first.text;
    if (first.kind !== 'word') throw invalid(`${JSON.stringify(first.text)} is not a value`);
    let text = first.text;
    while (this.#peek()?.text === ':' && this.#peek(1)?.kind === 'word') {
      text += `:${this.#peek(1)?.text ?? ''}`;
      this.#position += 2;
    }
    return text;
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#position + ahead];
  }

  #next(): Token {
    const token = this.#peek();
    if (token === undefined) throw invalid('it ends too early');
    this.#position += 1;
    return token;
  }

  /** The reference writes `and`, AIP-160 writes `AND`: both are taken. */
  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#position += 1;
    return true;
  }

  #startsTerm(): boolean {
    const token = this.#peek();
    return token !== undefined && token.text !== ')' && token.text.toUpperCase() !== 'OR';
  }
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null)
      throw invalid(`${JSON.stringify(text.slice(at, at + 20))} is not understood`);
    const [, parenthesis, operator, quoted, word] = match;
    if (parenthesis !== undefined) tokens.push({ kind: 'parenthesis', text: parenthesis });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator });
    else if (quoted !== undefined)
      tokens.push({ kind: 'quoted', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}

function compare(field: string, operator: string, value: string): Test {
  if (field === 'create_time') return compareTime(operator, value);
  const label = labelPattern.exec(field)?.[1];
  if (label !== undefined) return compareLabel(label, operator, value);
  const read = (batch: Batch) => readField(batch, field);
  if (operator === '=' || operator === ':') return (batch) => read(batch) === value;
  if (operator === '!=') return (batch) => read(batch) !== value;
  throw invalid(`${field} cannot be compared with ${operator}`);
}

/** Source: https://google.aip.dev/160: `labels.key:*` is a label that is there, whatever its value. */
function compareLabel(label: string, operator: string, value: string): Test {
  const read = ({ request: { labels } }: Batch) =>
    Object.hasOwn(labels, label) ? labels[label] : undefined;
  if (operator === ':' && value === '*') return (batch) => read(batch) !== undefined;
  if (operator === '=' || operator === ':') return (batch) => read(batch) === value;
  if (operator === '!=') return (batch) => read(batch) !== value;
  throw invalid(`labels.${label} cannot be compared with ${operator}`);
}

function readField(batch: Batch, field: string): string {
  if (field === 'batch_id') return batch.request.batchId;
  return field === 'state' ? batch.state : batch.uuid;
}

function compareTime(operator: string, value: string): Test {
  const atMs = /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) throw invalid(`${JSON.stringify(value)} is not an RFC 3339 time`);
  const tests: Readonly<Record<string, (ms: number) => boolean>> = {
    '=': (ms) => ms === atMs,
    '!=': (ms) => ms !== atMs,
    '<': (ms) => ms < atMs,
    '<=': (ms) => ms <= atMs,
    '>': (ms) => ms > atMs,
    '>=': (ms) => ms >= atMs,
  };
  const test = tests[operator];
  if (test === undefined) throw invalid(`create_time cannot be compared with ${operator}`);
  return (batch) => test(batch.createTime.getTime());
}

function invalid(reason: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', `Invalid filter: ${reason}.`);
}
