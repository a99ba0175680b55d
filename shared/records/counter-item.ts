import { parseJobId, type JobId, type JobRecord } from '../jobs/job.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import type { LimitUse } from '../jobs/limits.ts';
import { toMembers, type AttributeValue } from './attribute-value.ts';
import { DUE_COUNTER } from './due-item.ts';

/** A conditional change of one item within a transaction. Source: DynamoDB API reference, Update. */
export interface CounterUpdate {
  readonly Update: {
    readonly TableName: string;
    readonly Key: { readonly jobId: AttributeValue };
    readonly UpdateExpression: string;
    readonly ExpressionAttributeValues: Readonly<Record<string, AttributeValue>>;
    readonly ConditionExpression?: string;
    readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD';
  };
}

/** One that counts under a limit of jobs at a time. */
export interface Place {
  readonly key: string;
  readonly holder: string;
}

/** Days that a counter outlives its last new job: longer than any job may run. */
const KEPT_DAYS = 90;

/**
 * Counts a job under a limit while it admits one more. A counter of jobs that run is the set of their ids: its size
 * cannot drift from what is in it, and taking an id off twice is taking it off once. Runs per day are a number.
 */
export function countUp(table: string, record: JobRecord, hold: LimitHold): CounterUpdate {
  const expiry = toExpiry(new Date(record.submittedAt));
  const most = { N: String(hold.most) };
  if (isDay(hold)) {
    return toUpdate(table, hold.key, {
      UpdateExpression: 'ADD runs :job SET expiresAtSeconds = :expiry',
      ConditionExpression: 'attribute_not_exists(runs) OR runs < :most',
      ExpressionAttributeValues: { ':job': { N: '1' }, ':expiry': expiry, ':most': most },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  }
  const { UpdateExpression, ExpressionAttributeValues } = toAddition(record.id, expiry);
  return toUpdate(table, hold.key, {
    UpdateExpression,
    ConditionExpression: 'attribute_not_exists(holders) OR size(holders) < :most',
    ExpressionAttributeValues: { ...ExpressionAttributeValues, ':most': most },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

/** Takes a job off a limit. A day of which nothing is left, because a hand has changed it, gives nothing back. */
export function countDown(table: string, record: JobRecord, hold: LimitHold): CounterUpdate {
  const place = { key: hold.key, holder: record.id };
  if (!isDay(hold)) return takeOff(table, place, new Date(record.submittedAt));
  return toUpdate(table, hold.key, {
    UpdateExpression: 'ADD runs :job',
    ConditionExpression: 'runs > :none',
    ExpressionAttributeValues: { ':job': { N: '-1' }, ':none': { N: '0' } },
  });
}

/** Counts a job that runs under a limit, whatever the limit admits. */
export function addBack(table: string, { key, holder }: Place, now: Date): CounterUpdate {
  return toUpdate(table, key, toAddition(holder, toExpiry(now)));
}

/** Takes an id off a counter; the counter that is not there, and would be made by it, goes with time. */
export function takeOff(table: string, { key, holder }: Place, at: Date): CounterUpdate {
  return toUpdate(table, key, {
    UpdateExpression:
      'DELETE holders :job SET expiresAtSeconds = if_not_exists(expiresAtSeconds, :expiry)',
    ExpressionAttributeValues: {
      ':job': { SS: [holder] },
      ':expiry': toExpiry(at),
    },
  });
}

/** The index lists a counter from its first job on: nothing takes it out again when its last one ends. */
function toAddition(
  job: string,
  expiry: AttributeValue,
): Pick<CounterUpdate['Update'], 'UpdateExpression' | 'ExpressionAttributeValues'> {
  return {
    UpdateExpression: 'ADD holders :job SET expiresAtSeconds = :expiry, due = :due',
    ExpressionAttributeValues: {
      ':job': { SS: [job] },
      ':expiry': expiry,
      ':due': { S: DUE_COUNTER },
    },
  };
}

/** Reads a counter's item; one that is not there counts nothing, and none less than nothing. */
export function parseCounter(key: string, item: unknown): LimitUse {
  const ids = readHolders(item);
  const holders = ids.flatMap((id): readonly JobId[] => {
    const job = parseJobId(id);
    return job === undefined ? [] : [job];
  });
  const runs = Number(toMembers(toMembers(item).get('runs')).get('N') ?? ids.length);
  return { key, count: Math.max(0, runs), holders };
}

/** Reads what a counter of jobs at a time holds, whatever it is. */
export function readHolders(item: unknown): readonly string[] {
  const ids = toMembers(toMembers(item).get('holders')).get('SS');
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
}

function isDay({ limit }: LimitHold): boolean {
  return limit === 'runs-per-day';
}

function toUpdate(
  table: string,
  key: string,
  change: Omit<CounterUpdate['Update'], 'TableName' | 'Key'>,
): CounterUpdate {
  return { Update: { TableName: table, Key: { jobId: { S: key } }, ...change } };
}

function toExpiry(at: Date): AttributeValue {
  return { N: String(Math.floor(at.getTime() / 1000) + KEPT_DAYS * 24 * 3600) };
}
