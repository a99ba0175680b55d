import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { invalid, parseTable, type Attribute, type Item } from './attributes.ts';
import { pick } from './values.ts';

/** An index of the table: which items it has, in which order, and what it shows of them. */
export interface IndexSchema {
  readonly name: string;
  readonly hash: string;
  readonly range: string;
  /** Names of the attributes that it shows; null for all. */
  readonly shown: readonly string[] | null;
}

/** The table's key and indexes, as they are deployed. */
export interface TableSchema {
  readonly key: string;
  readonly indexes: readonly IndexSchema[];
}

function readTableSchema(): TableSchema {
  const path = join(import.meta.dirname, '../../../resources/table.yml');
  const document = parse(readFileSync(path, 'utf8')) as {
    readonly Resources: { readonly JobsTable: { readonly Properties: TableProperties } };
  };
  const { KeySchema, GlobalSecondaryIndexes = [] } = document.Resources.JobsTable.Properties;
  const key = nameOf(KeySchema, 'HASH');
  const indexes = GlobalSecondaryIndexes.map(({ IndexName, KeySchema: own, Projection }) => {
    const [hash, range] = [nameOf(own, 'HASH'), nameOf(own, 'RANGE')];
    const keys = [key, hash, range];
    const shown =
      Projection.ProjectionType === 'ALL'
        ? null
        : [...keys, ...(Projection.NonKeyAttributes ?? [])];
    return { name: IndexName, hash, range, shown };
  });
  return { key, indexes };
}

type Keys = readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];

interface TableProperties {
  readonly KeySchema: Keys;
  readonly GlobalSecondaryIndexes?: readonly {
    readonly IndexName: string;
    readonly KeySchema: Keys;
    readonly Projection: {
      readonly ProjectionType: 'ALL' | 'INCLUDE' | 'KEYS_ONLY';
      readonly NonKeyAttributes?: readonly string[];
    };
  }[];
}

function nameOf(keys: Keys, kind: 'HASH' | 'RANGE'): string {
  const name = keys.find(({ KeyType }) => KeyType === kind)?.AttributeName;
  if (name === undefined) throw new Error(`the table's schema has no ${kind} key`);
  return name;
}

/** Milliseconds that an index may lag behind in a test; what was longer ago is forgotten. */
const MAX_LAG_MS = 120_000;

interface Version {
  readonly atMs: number;
  readonly item: Item | undefined;
}

/** A table's items. Its indexes may be read as they were a while ago. */
export class Table {
  readonly schema: TableSchema;
  readonly #now: () => Date;
  readonly #items = new Map<string, Item>();
  #heldMs = Number.POSITIVE_INFINITY;
  readonly #past = new Map<string, readonly Version[]>();

  constructor(schema: TableSchema, now: () => Date) {
    this.schema = schema;
    this.#now = now;
  }

  /** Every item as it is. */
  all(): readonly Item[] {
    return [...this.#items.values()];
  }

  /** An item by its key's text. */
  find(key: string): Item | undefined {
    return this.#items.get(key);
  }

  /** Stores an item, or takes it away. */
  set(key: string, item: Item | undefined): void {
    const atMs = this.#now().getTime();
    const past = this.#past.get(key) ?? [{ atMs: 0, item: undefined }];
    const recent = past.filter((_, index) => (past[index + 1]?.atMs ?? atMs) > atMs - MAX_LAG_MS);
    this.#past.set(key, [...recent, { atMs, item }]);
    if (item === undefined) this.#items.delete(key);
    else this.#items.set(key, item);
  }

  /** From now on the indexes are as they are now, however the items change. */
  holdIndexes(): void {
    this.#heldMs = this.#now().getTime();
  }

  /** The indexes follow the items again. */
  releaseIndexes(): void {
    this.#heldMs = Number.POSITIVE_INFINITY;
  }

  /** The items of one partition of an index in its order, as they were `lagMs` ago. */
  listIndex(index: IndexSchema, hash: string, lagMs: number): readonly Item[] {
    const asOf = Math.min(this.#heldMs, this.#now().getTime() - lagMs);
    const items = [...this.#past.values()].flatMap((versions): readonly Item[] => {
      const item = versions.findLast(({ atMs }) => atMs <= asOf)?.item;
      return item === undefined || textOf(item[index.hash]) !== hash ? [] : [item];
    });
    return items
      .filter((item) => index.range in item)
      .map((item) => (index.shown === null ? item : pick(item, index.shown)))
      .sort((one, two) => Buffer.compare(toBytes(one[index.range]), toBytes(two[index.range])));
  }

  /** The text of the key that an item or a key has. @throws AwsError */
  keyOf(item: unknown): string {
    const text = textOf(parseTable(item, 'Key')[this.schema.key]);
    if (text === undefined || text === '') throw invalid('the key is missing');
    return text;
  }
}

/** The table that resources/table.yml deploys. */
export const TABLE_SCHEMA = readTableSchema();

/** The text of a value of kind S. */
export function textOf(value: unknown): string | undefined {
  const text: unknown =
    typeof value === 'object' && value !== null && 'S' in value ? value.S : undefined;
  return typeof text === 'string' ? text : undefined;
}

function toBytes(value: Attribute | undefined): Buffer {
  return Buffer.from(textOf(value) ?? '');
}
