import type { AwsCredentialsSource } from '../aws/signed-request.ts';
import { sendAwsJson } from '../aws/signed-request.ts';
import type { JobRecord, JobId } from '../jobs/job.ts';
import type { JobRecords } from '../jobs/ports.ts';
import { parseJsonObject, type HttpResponse, type Send } from '../transport.ts';
import { toUpstreamProblem, upstreamProblem } from '../upstream.ts';
import { parseItem, toItem } from './item.ts';

/** What the DynamoDB adapter needs from outside. */
export interface DynamoDbOptions {
  readonly table: string;
  readonly region: string;
  readonly endpoint: string | null;
  readonly credentials: AwsCredentialsSource;
  readonly send: Send;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

const ATTEMPTS = 3;
const RETRIED =
  /ThrottlingException|ProvisionedThroughputExceeded|InternalServerError|TransactionConflict/;

/**
 * Makes the record store over DynamoDB: one item per job, key `jobId`.
 * Throttling and DynamoDB's own failures are retried with jitter inside the deadline; every write is conditional, so a
 * repeated one cannot do harm. Source: DynamoDB API reference, PutItem and GetItem.
 */
export function createDynamoDbRecords(options: DynamoDbOptions): JobRecords {
  const find = async (jobId: JobId, deadline: Date): Promise<JobRecord | undefined> => {
    const body = { TableName: options.table, Key: { jobId: { S: jobId } }, ConsistentRead: true };
    const answer = await call(options, 'GetItem', { body, deadline });
    if (answer.kind === 'conditionFailed') throw unexpected();
    return answer.members.has('Item') ? parseItem(answer.members.get('Item')) : undefined;
  };
  return {
    find,
    putIfAbsent: async (record, deadline) => {
      const condition = { ConditionExpression: 'attribute_not_exists(jobId)' };
      const body = { TableName: options.table, Item: toItem(record), ...condition };
      const answer = await call(options, 'PutItem', { body, deadline });
      if (answer.kind === 'done') return { kind: 'created' };
      const existing = await find(record.id, deadline);
      if (existing === undefined) throw unexpected();
      return isOwnPut(existing, record)
        ? { kind: 'created' }
        : { kind: 'exists', record: existing };
    },
    replace: async (record, deadline) => {
      const body = {
        TableName: options.table,
        Item: toItem(record),
        ConditionExpression: '#version = :previous',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':previous': { N: String(record.version - 1) } },
      };
      const answer = await call(options, 'PutItem', { body, deadline });
      return answer.kind === 'done' ? 'replaced' : 'conflict';
    },
  };
}

/** A put whose first attempt went through unseen finds its own record: the same correlation id and instant. */
function isOwnPut(existing: JobRecord, record: JobRecord): boolean {
  return (
    existing.version === 1 &&
    existing.correlationId === record.correlationId &&
    existing.submittedAt === record.submittedAt &&
    existing.fingerprint === record.fingerprint
  );
}

type Answer =
  | { readonly kind: 'done'; readonly members: ReadonlyMap<string, unknown> }
  | { readonly kind: 'conditionFailed' };

interface Operation {
  readonly body: unknown;
  readonly deadline: Date;
}

async function call(
  options: DynamoDbOptions,
  operation: 'GetItem' | 'PutItem',
  { body, deadline }: Operation,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await sendOnce(options, operation, { body, deadline });
    const members = parseJsonObject(response.body);
    if (response.status === 200) return { kind: 'done', members };
    const type = readType(members);
    if (type.endsWith('ConditionalCheckFailedException')) return { kind: 'conditionFailed' };
    const retried = RETRIED.test(type) || response.status >= 500;
    const remainingMs = deadline.getTime() - options.now().getTime();
    if (!retried || attempt === ATTEMPTS || remainingMs < 1000) {
      const code = retried ? 'upstream_unavailable' : 'upstream_refused';
      const cause = new Error(`${operation}: ${type}`);
      throw upstreamProblem(code, 'DynamoDB', { status: response.status, cause });
    }
    await options.sleep(Math.random() * 50 * 2 ** attempt);
  }
}

async function sendOnce(
  options: DynamoDbOptions,
  operation: string,
  { body, deadline }: Operation,
): Promise<HttpResponse> {
  const { region, endpoint } = options;
  const target = `DynamoDB_20120810.${operation}`;
  const text = JSON.stringify(body);
  try {
    return await sendAwsJson(
      { service: 'dynamodb', region, endpoint, target, jsonVersion: '1.0', body: text, deadline },
      options.credentials(),
      options.send,
    );
  } catch (error) {
    throw toUpstreamProblem(error, 'DynamoDB');
  }
}

function readType(members: ReadonlyMap<string, unknown>): string {
  const type = members.get('__type');
  return typeof type === 'string' ? type : 'unknown';
}

function unexpected(): unknown {
  return upstreamProblem('upstream_error', 'DynamoDB', { detail: 'contradicted itself' });
}
