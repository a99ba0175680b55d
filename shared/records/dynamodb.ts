import type { JobRecord, JobId } from '../jobs/job.ts';
import { toReturned, type LimitUse } from '../jobs/limits.ts';
import type { JobRecords, PutOutcome } from '../jobs/ports.ts';
import { toMembers } from './attribute-value.ts';
import { callDynamoDb, contradiction, type DynamoDbOptions } from './call.ts';
import { isUnmet, type CancellationReason } from './cancellation.ts';
import { countDown, countUp, parseCounter } from './counter-item.ts';
import { parseItem, toItem } from './item.ts';
import { transact, type Unmet } from './transaction.ts';
import { readUsage } from './usage.ts';

/**
 * Makes the record store over DynamoDB: one item per job and one per counter of a limit, key `jobId`.
 * Every write is conditional, and a transaction is repeated under one token, which is drawn for it: DynamoDB then answers
 * that it is done, so that what is there was put by another request, however alike.
 * Source: DynamoDB API reference, PutItem, GetItem and TransactWriteItems.
 */
export function createDynamoDbRecords(options: DynamoDbOptions): JobRecords {
  const find = async (jobId: JobId, deadline: Date): Promise<JobRecord | undefined> => {
    const body = { TableName: options.table, Key: { jobId: { S: jobId } }, ConsistentRead: true };
    const answer = await callDynamoDb(options, { operation: 'GetItem', body, deadline });
    if (answer.kind !== 'done') throw contradiction();
    return answer.members.has('Item') ? parseItem(answer.members.get('Item')) : undefined;
  };
  return {
    find,
    putIfAbsent: async (record, deadline) => {
      const unmet = await put(options, record, deadline);
      if (unmet === undefined) return { kind: 'created' };
      if (!isUnmet(unmet[0])) return toLimited(record, unmet);
      const existing = await find(record.id, deadline);
      if (existing === undefined) throw contradiction();
      return { kind: 'exists', record: existing };
    },
    replace: async (record, deadline) => {
      const unmet = isEnding(record)
        ? await writeEnd(options, record, deadline)
        : await write(options, toReplacement(options, record), deadline);
      return unmet === undefined ? 'replaced' : 'conflict';
    },
    findUsage: (keys, deadline) => readUsage(options, keys, deadline),
  };
}

const RECORD_UNMET: Unmet = [{ code: 'ConditionalCheckFailed', item: undefined }];

/** A conditional put of one item. Source: DynamoDB API reference, Put. */
interface Put {
  readonly TableName: string;
  readonly Item: object;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD';
}

function put(options: DynamoDbOptions, record: JobRecord, deadline: Date): Promise<Unmet> {
  const { table } = options;
  const body: Put = {
    TableName: table,
    Item: toItem(record),
    ConditionExpression: 'attribute_not_exists(jobId)',
  };
  const counters = record.holds.map((hold) => countUp(table, record, hold));
  return transact(options, [{ Put: body }, ...counters], deadline);
}

function toReplacement({ table }: DynamoDbOptions, record: JobRecord): Put {
  return {
    TableName: table,
    Item: toItem(record),
    ConditionExpression: '#version = :previous',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':previous': { N: String(record.version - 1) } },
  };
}

function isEnding(record: JobRecord): boolean {
  return toReturned(record).length > 0;
}

/**
 * Writes the record of a job that has ended, and takes it off its limits, which it must still hold. A counter that has
 * nothing to give back does not keep the job from ending, nor does a hand that took `held` away: counters are left alone.
 */
async function writeEnd(
  options: DynamoDbOptions,
  record: JobRecord,
  deadline: Date,
): Promise<Unmet> {
  const replacement = toReplacement(options, { ...record, holds: [] });
  const ConditionExpression = `${replacement.ConditionExpression} AND attribute_exists(held)`;
  const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
  const put: Put = { ...replacement, ConditionExpression, ReturnValuesOnConditionCheckFailure };
  const end = { Put: put };
  const counters = toReturned(record).map((hold) => countDown(options.table, record, hold));
  const unmet = await transact(options, [end, ...counters], deadline);
  if (unmet === undefined) return unmet;
  if (lacksHeld(unmet[0], record)) return write(options, replacement, deadline);
  if (isUnmet(unmet[0])) return unmet;
  const others = counters.filter((_, index) => !isUnmet(unmet[index + 1]));
  return transact(options, [end, ...others], deadline);
}

/** Tells whether the stored record is the one to be replaced, and holds limits though its item does not say so. */
function lacksHeld(reason: CancellationReason | undefined, { version }: JobRecord): boolean {
  const item = toMembers(reason?.item);
  if (item.size === 0 || item.has('held')) return false;
  const stored = parseItem(reason?.item);
  return stored.version === version - 1 && stored.holds.length > 0;
}

async function write(options: DynamoDbOptions, body: Put, deadline: Date): Promise<Unmet> {
  const answer = await callDynamoDb(options, { operation: 'PutItem', body, deadline });
  return answer.kind === 'done' ? undefined : RECORD_UNMET;
}

function toLimited(record: JobRecord, unmet: NonNullable<Unmet>): PutOutcome {
  const reached = record.holds.flatMap(({ key }, index): readonly LimitUse[] => {
    const reason = unmet[index + 1];
    return isUnmet(reason) ? [parseCounter(key, reason?.item)] : [];
  });
  return { kind: 'limited', reached };
}
