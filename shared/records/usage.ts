import type { LimitUse } from '../jobs/limits.ts';
import { toMembers } from './attribute-value.ts';
import { callDynamoDb, contradiction, type DynamoDbOptions } from './call.ts';
import { parseCounter } from './counter-item.ts';

/** Reads that one answer may take: DynamoDB may leave some keys for another. */
const MAX_READS = 3;

/**
 * Reads counters, at most 100; those that are not there count nothing.
 * @throws Problem `upstream_error` when DynamoDB leaves keys unread; upstream problems. Source: DynamoDB API reference,
 * BatchGetItem.
 */
export async function readUsage(
  options: DynamoDbOptions,
  keys: readonly string[],
  deadline: Date,
): Promise<ReadonlyMap<string, LimitUse>> {
  const usage = new Map(keys.map((key) => [key, parseCounter(key, undefined)]));
  let left: unknown = toRequest(options.table, keys);
  for (let read = 1; keys.length > 0; read += 1) {
    const body = { RequestItems: left };
    const answer = await callDynamoDb(options, { operation: 'BatchGetItem', body, deadline });
    if (answer.kind !== 'done') throw contradiction();
    for (const item of readItems(answer.members, options.table)) {
      const key = readKey(item);
      if (key !== undefined && usage.has(key)) usage.set(key, parseCounter(key, item));
    }
    left = answer.members.get('UnprocessedKeys');
    if (toMembers(left).size === 0) break;
    if (read === MAX_READS) throw contradiction();
  }
  return usage;
}

function toRequest(table: string, keys: readonly string[]): object {
  const Keys = keys.map((key) => ({ jobId: { S: key } }));
  return { [table]: { Keys, ConsistentRead: true } };
}

function readItems(members: ReadonlyMap<string, unknown>, table: string): readonly unknown[] {
  const items = toMembers(members.get('Responses')).get(table);
  return Array.isArray(items) ? items : [];
}

function readKey(item: unknown): string | undefined {
  const key = toMembers(toMembers(item).get('jobId')).get('S');
  return typeof key === 'string' ? key : undefined;
}
