import { AwsError, invalid, parseItem, parseMembers, parseText, type Item } from './attributes.ts';
import { Expressions, parsePlaceholders, type Condition } from './expressions.ts';
import { Table, TABLE_SCHEMA, textOf } from './table.ts';

/**
 * A DynamoDB of one table that is played in memory: the calls and expressions that Jobgate uses, as the API reference has
 * them, and nothing else. The contract suites of the records hold it and the emulator to the same behaviour.
 */
export interface PlayedDynamoDb {
  readonly table: Table;
  /** Does one call. @throws AwsError */
  readonly call: (operation: string, request: unknown) => object;
  /** The next query of an index sees it as it was so many milliseconds ago. */
  readonly lagNextQuery: (lagMs: number) => void;
}

/** Makes a DynamoDB with an empty table of the deployed schema, whose pages may be short of what 1 MB holds. */
export function createPlayedDynamoDb(
  now: () => Date,
  pageEntries = Number.POSITIVE_INFINITY,
): PlayedDynamoDb {
  const table = new Table(TABLE_SCHEMA, now);
  const transactions = new Transactions(table, now);
  let lagMs = 0;
  const operations: Readonly<Record<string, ((request: unknown) => object) | undefined>> = {
    GetItem: (request) => getItem(table, request),
    BatchGetItem: (request) => batchGetItem(table, request),
    PutItem: (request) => write(table, prepare(table, 'Put', request)),
    UpdateItem: (request) => write(table, prepare(table, 'Update', request)),
    DeleteItem: (request) => write(table, prepare(table, 'Delete', request)),
    TransactWriteItems: (request) => transactions.write(request),
    Query: (request) => {
      const lag = lagMs;
      lagMs = 0;
      return query(table, request, { lagMs: lag, pageEntries });
    },
  };
  return {
    table,
    call: (operation, request) => {
      const work = operations[operation];
      if (work === undefined) throw new AwsError('UnknownOperationException', operation);
      return work(request);
    },
    lagNextQuery: (ms) => {
      lagMs = ms;
    },
  };
}

function getItem(table: Table, request: unknown): object {
  const members = parseMembers(request, 'GetItem', ['TableName', 'Key', 'ConsistentRead']);
  if (members['ConsistentRead'] !== true) throw invalid('only consistent reads are played');
  const item = table.find(table.keyOf(members['Key']));
  return item === undefined ? {} : { Item: item };
}

const MAX_BATCH = 100;

function batchGetItem(table: Table, request: unknown): object {
  const members = parseMembers(request, 'BatchGetItem', ['RequestItems']);
  const entries = Object.entries(parseMembersOf(members['RequestItems']));
  const answered = entries.map(([name, asked]) => {
    const { Keys, ConsistentRead } = parseMembers(asked, name, ['Keys', 'ConsistentRead']);
    if (!Array.isArray(Keys) || Keys.length === 0 || Keys.length > MAX_BATCH)
      throw invalid('a batch has 1 to 100 keys');
    if (ConsistentRead !== true) throw invalid('only consistent reads are played');
    const keys = Keys.map((key: unknown) => table.keyOf(key));
    if (new Set(keys).size < keys.length) throw invalid('a key is there twice');
    return [name, keys.map((key) => table.find(key)).filter((item) => item !== undefined)] as const;
  });
  return { Responses: Object.fromEntries(answered), UnprocessedKeys: {} };
}

function parseMembersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return { ...value };
  throw invalid('RequestItems must be an object');
}

/** A write that is ready to be done. */
interface Write {
  readonly key: string;
  readonly condition: Condition;
  /** Gives the item after it; the same for a write that only checks. */
  readonly change: (item: Item | undefined) => Item | undefined;
  readonly showsOld: boolean;
}

const SHARED = [
  'TableName',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ReturnValuesOnConditionCheckFailure',
];
const OWN = {
  Put: ['Item'],
  Update: ['Key', 'UpdateExpression'],
  Delete: ['Key'],
  ConditionCheck: ['Key'],
} as const;

type WriteKind = keyof typeof OWN;

function prepare(table: Table, kind: WriteKind, request: unknown): Write {
  const members = parseMembers(request, kind, [...SHARED, ...OWN[kind]]);
  parseText(members['TableName'], 'TableName');
  const expressions = new Expressions(parsePlaceholders(members));
  const condition = expressions.parseCondition(members['ConditionExpression']);
  if (kind === 'ConditionCheck' && members['ConditionExpression'] === undefined)
    throw invalid('a ConditionCheck needs a condition');
  const { key, change } = prepareChange(table, kind, { members, expressions });
  expressions.requireAllUsed();
  const shows = members['ReturnValuesOnConditionCheckFailure'];
  if (shows !== undefined && shows !== 'ALL_OLD' && shows !== 'NONE')
    throw invalid('ReturnValuesOnConditionCheckFailure must be ALL_OLD or NONE');
  return { key, condition, change, showsOld: shows === 'ALL_OLD' };
}

function prepareChange(
  table: Table,
  kind: WriteKind,
  {
    members,
    expressions,
  }: { readonly members: Readonly<Record<string, unknown>>; readonly expressions: Expressions },
): Pick<Write, 'key' | 'change'> {
  if (kind === 'Put') {
    const item = parseItem(members['Item'], 'Item');
    return { key: table.keyOf(item), change: () => item };
  }
  const key = table.keyOf(members['Key']);
  if (kind === 'Delete') return { key, change: () => undefined };
  if (kind === 'ConditionCheck') return { key, change: (item) => item };
  const change = expressions.parseChange(members['UpdateExpression']);
  const empty = { [table.schema.key]: { S: key } };
  return { key, change: (item) => parseItem(change(item ?? empty), 'the updated item') };
}

function write(table: Table, each: Write): object {
  const item = table.find(each.key);
  if (!each.condition(item ?? {})) {
    const shown = each.showsOld && item !== undefined ? { Item: item } : {};
    throw new AwsError('ConditionalCheckFailedException', 'The conditional request failed', shown);
  }
  table.set(each.key, each.change(item));
  return {};
}

/** Milliseconds for which a token stands for its transaction, and parts that one may have. */
const TOKEN_MS = 600_000;
const MAX_PARTS = 100;

/** Does transactions, each of a token once. */
class Transactions {
  readonly #table: Table;
  readonly #now: () => Date;
  readonly #done = new Map<string, { readonly text: string; readonly atMs: number }>();

  constructor(table: Table, now: () => Date) {
    this.#table = table;
    this.#now = now;
  }

  /** @throws AwsError */
  write(request: unknown): object {
    const members = parseMembers(request, 'TransactWriteItems', [
      'TransactItems',
      'ClientRequestToken',
    ]);
    const token = parseText(members['ClientRequestToken'], 'ClientRequestToken');
    const text = JSON.stringify(members['TransactItems']);
    const nowMs = this.#now().getTime();
    const before = this.#done.get(token);
    if (before !== undefined && nowMs - before.atMs < TOKEN_MS) {
      if (before.text === text) return {};
      throw new AwsError('IdempotentParameterMismatchException', 'the token is of another request');
    }
    this.#doAll(this.#prepareAll(members['TransactItems']));
    this.#done.set(token, { text, atMs: nowMs });
    return {};
  }

  #prepareAll(parts: unknown): readonly Write[] {
    if (!Array.isArray(parts) || parts.length === 0 || parts.length > MAX_PARTS)
      throw invalid('a transaction has 1 to 100 parts');
    const writes = parts.map((part: unknown) => {
      const [entry, ...others] = Object.entries(parseMembers(part, 'a part', Object.keys(OWN)));
      if (entry === undefined || others.length > 0) throw invalid('a part does one thing');
      return prepare(this.#table, entry[0] as WriteKind, entry[1]);
    });
    if (new Set(writes.map(({ key }) => key)).size === writes.length) return writes;
    throw invalid('Transaction request cannot include multiple operations on one item');
  }

  #doAll(writes: readonly Write[]): void {
    const reasons = writes.map(({ key, condition, showsOld }) => {
      const item = this.#table.find(key);
      if (condition(item ?? {})) return { Code: 'None' };
      const shown = showsOld && item !== undefined ? { Item: item } : {};
      return {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        ...shown,
      };
    });
    if (reasons.some(({ Code }) => Code !== 'None')) throw cancelled(reasons);
    for (const { key, change } of writes) this.#table.set(key, change(this.#table.find(key)));
  }
}

/** The refusal of a transaction, with a reason for each of its parts. */
export function cancelled(reasons: readonly { readonly Code: string }[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

const QUERY = [
  'TableName',
  'IndexName',
  'KeyConditionExpression',
  'FilterExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ProjectionExpression',
  'ExclusiveStartKey',
  'Limit',
  'ConsistentRead',
  'Select',
];
/** Bytes of a page. Source: DynamoDB API reference, Query. */
const PAGE_BYTES = 1024 * 1024;

/** One partition of an index, a page at a time; nothing but an equal hash key is known here. */
function query(
  table: Table,
  request: unknown,
  { lagMs, pageEntries }: { readonly lagMs: number; readonly pageEntries: number },
): object {
  const members = parseMembers(request, 'Query', QUERY);
  const index = table.schema.indexes.find(({ name }) => name === members['IndexName']);
  if (index === undefined) throw invalid('The table does not have the specified index');
  if (members['ConsistentRead'] === true) throw invalid('Consistent reads are not supported on it');
  const placeholders = parsePlaceholders(members);
  const expressions = new Expressions(placeholders);
  const condition = expressions.parseCondition(members['KeyConditionExpression']);
  const filter = expressions.parseCondition(members['FilterExpression']);
  const project = expressions.parseProjection(members['ProjectionExpression']);
  expressions.requireAllUsed();
  const hash = Object.values(placeholders.values)
    .map(textOf)
    .find((text) => condition({ [index.hash]: { S: text ?? '' } }));
  if (hash === undefined) throw invalid('Query condition missed key schema element');
  const rest = after(
    table.listIndex(index, hash, lagMs),
    members['ExclusiveStartKey'],
    index.range,
  );
  const page = takePage(rest, Math.min(pageEntries, Number(members['Limit'] ?? pageEntries)));
  const last = page.at(-1);
  const goesOn = last !== undefined && page.length < rest.length;
  const key = [table.schema.key, index.hash, index.range];
  const start = goesOn
    ? { LastEvaluatedKey: Object.fromEntries(key.map((name) => [name, last[name]])) }
    : {};
  const shown = page.filter(filter).map(project);
  return { Items: shown, Count: shown.length, ScannedCount: page.length, ...start };
}

function after(items: readonly Item[], start: unknown, range: string): readonly Item[] {
  if (start === undefined) return items;
  const from = Buffer.from(textOf(parseItem(start, 'ExclusiveStartKey')[range]) ?? '');
  return items.filter((item) => Buffer.compare(Buffer.from(textOf(item[range]) ?? ''), from) > 0);
}

function takePage(items: readonly Item[], limit: number): readonly Item[] {
  let bytes = 0;
  return items.slice(0, limit).filter((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes <= PAGE_BYTES;
  });
}
