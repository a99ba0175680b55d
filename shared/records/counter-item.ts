import { parseJobId, type JobId, type JobRecord } from '../jobs/job.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import type { LimitUse } from '../jobs/limits.ts';
import { toMembers, type AttributeValue } from './attribute-value.ts';

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

/** Days that a counter outlives its last new job: longer than any job may run. */
const KEPT_DAYS = 90;

/**
 * Counts a job under a limit while it admits one more. A counter of jobs that run is the set of their ids: its size
 * cannot drift from what is in it, and taking an id off twice is taking it off once. Runs per day are a number.
 */
export function countUp(table: string, record: JobRecord, hold: LimitHold): CounterUpdate {
  const attribute = toAttribute(hold);
  const used = attribute === 'runs' ? 'runs' : 'size(holders)';
  return toUpdate(table, hold, {
    UpdateExpression: `ADD ${attribute} :job SET expiresAtSeconds = :expiry`,
    ConditionExpression: `attribute_not_exists(${attribute}) OR ${used} < :most`,
    ExpressionAttributeValues: {
      ':job': attribute === 'runs' ? { N: '1' } : { SS: [record.id] },
      ':expiry': { N: String(toExpirySeconds(record)) },
      ':most': { N: String(hold.most) },
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

/** Takes a job off a limit. */
export function countDown(table: string, record: JobRecord, hold: LimitHold): CounterUpdate {
  return toAttribute(hold) === 'runs'
    ? toUpdate(table, hold, {
        UpdateExpression: 'ADD runs :job',
        ExpressionAttributeValues: { ':job': { N: '-1' } },
      })
    : toUpdate(table, hold, {
        UpdateExpression: 'DELETE holders :job',
        ExpressionAttributeValues: { ':job': { SS: [record.id] } },
      });
}

/** Reads a counter's item; one that is not there counts nothing. */
export function parseCounter(key: string, item: unknown): LimitUse {
  const members = toMembers(item);
  const ids = toMembers(members.get('holders')).get('SS');
  const holders = (Array.isArray(ids) ? ids : []).flatMap((id: unknown): readonly JobId[] => {
    const job = parseJobId(id);
    return job === undefined ? [] : [job];
  });
  const runs = Number(toMembers(members.get('runs')).get('N') ?? holders.length);
  return { key, count: runs, holders };
}

function toAttribute({ limit }: LimitHold): 'runs' | 'holders' {
  return limit === 'runs-per-day' ? 'runs' : 'holders';
}

function toUpdate(
  table: string,
  { key }: LimitHold,
  change: Omit<CounterUpdate['Update'], 'TableName' | 'Key'>,
): CounterUpdate {
  return { Update: { TableName: table, Key: { jobId: { S: key } }, ...change } };
}

function toExpirySeconds({ submittedAt }: JobRecord): number {
  return Math.floor(Date.parse(submittedAt) / 1000) + KEPT_DAYS * 24 * 3600;
}
