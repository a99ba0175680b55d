import { randomUUID } from 'node:crypto';
import aws4 from 'aws4';
import type { SweepRecords } from '../../shared/jobs/ports.ts';
import { createDynamoDbSweepRecords } from '../../shared/records/sweep.ts';
import { createSend } from '../../shared/transport.ts';
import { getStack } from './api.ts';
import type { Hands } from './hands.ts';

/**
 * A table of a test's own, made as the deployed one is, so that no sweep of the stack writes in it. No function's role
 * reaches it: it is used as the account's administrator.
 */
export interface OwnTable {
  readonly name: string;
  readonly call: TableCall;
  readonly hands: Hands;
  /** The store over this table. */
  readonly records: SweepRecords;
  readonly drop: () => Promise<void>;
}

type TableCall = (operation: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;

/** The deployed table's description, as far as a new one needs it. Source: DynamoDB API reference, TableDescription. */
interface TableDescription {
  readonly AttributeDefinitions: unknown;
  readonly KeySchema: unknown;
  readonly GlobalSecondaryIndexes: readonly {
    readonly IndexName: string;
    readonly KeySchema: unknown;
    readonly Projection: unknown;
  }[];
}

const DEPLOYED = 'jobgate-local-jobs';
const REGION = 'us-east-1';
const ADMINISTRATOR = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Makes a table with the key and the indexes of the deployed one. */
export async function createOwnTable(): Promise<OwnTable> {
  const name = `own-${randomUUID()}`;
  const { Table } = await callDynamoDb('DescribeTable', { TableName: DEPLOYED });
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = Table as TableDescription;
  const call: TableCall = (operation, body = {}) =>
    callDynamoDb(operation, { TableName: name, ...body });
  await call('CreateTable', {
    AttributeDefinitions,
    KeySchema,
    BillingMode: 'PAY_PER_REQUEST',
    GlobalSecondaryIndexes: GlobalSecondaryIndexes.map((index) => ({
      IndexName: index.IndexName,
      KeySchema: index.KeySchema,
      Projection: index.Projection,
    })),
  });
  return {
    name,
    call,
    hands: createHands(call),
    records: openRecords(name),
    drop: async () => {
      await call('DeleteTable');
    },
  };
}

function createHands(call: TableCall): Hands {
  const remove = async (id: string): Promise<void> => {
    await call('DeleteItem', { Key: { jobId: { S: id } } });
  };
  const set = async (key: string, attribute: string, value: object): Promise<void> => {
    await call('UpdateItem', {
      Key: { jobId: { S: key } },
      UpdateExpression: `SET ${attribute} = :value, due = :due`,
      ExpressionAttributeValues: { ':value': value, ':due': { S: 'counter' } },
    });
  };
  return {
    removeRecord: remove,
    setHolders: (key, ids) => (ids.length === 0 ? remove(key) : set(key, 'holders', { SS: ids })),
    setRuns: (key, count) =>
      count === undefined ? remove(key) : set(key, 'runs', { N: String(count) }),
  };
}

function openRecords(table: string): SweepRecords {
  const now = (): Date => new Date();
  return createDynamoDbSweepRecords({
    table,
    region: REGION,
    endpoint: getStack().aws,
    credentials: () => ({ ...ADMINISTRATOR, sessionToken: undefined }),
    send: createSend(now),
    now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
}

async function callDynamoDb(
  operation: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const { aws } = getStack();
  const signed = aws4.sign(
    {
      host: new URL(aws).host,
      path: '/',
      service: 'dynamodb',
      region: REGION,
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': `DynamoDB_20120810.${operation}`,
      },
      body: JSON.stringify(body),
    },
    ADMINISTRATOR,
  );
  const headers = new Headers();
  for (const [name, value] of Object.entries(signed.headers ?? {}))
    headers.set(name, String(value));
  headers.delete('host');
  const response = await fetch(aws, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  if (!response.ok) throw new Error(`${operation}: ${JSON.stringify(answer)}`);
  return answer;
}
