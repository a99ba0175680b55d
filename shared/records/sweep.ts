import { parseJobId, type JobId } from '../jobs/job.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import type { SweepRecords } from '../jobs/ports.ts';
import { callDynamoDb, contradiction, type DynamoDbOptions } from './call.ts';
import { isUnmet } from './cancellation.ts';
import { addBack, takeOff, type Place } from './counter-item.ts';
import { listCounters, listDue } from './due-index.ts';
import { createDynamoDbRecords } from './dynamodb.ts';
import { transact, type Unmet } from './transaction.ts';

/**
 * Makes the record store as the sweep has it: with the index of what is due, and with what puts counters right. The index
 * lags behind the table, so it decides nothing: a counter changes only if the job's own item says so at that instant.
 */
export function createDynamoDbSweepRecords(options: DynamoDbOptions): SweepRecords {
  return {
    ...createDynamoDbRecords(options),
    listDue: (after, deadline) => listDue(options, after, deadline),
    listCounters: (after, deadline) => listCounters(options, after, deadline),
    releaseHolder: (key, holder, deadline) => releaseHolder(options, { key, holder }, deadline),
    restoreHolder: (job, hold, deadline) => restoreHolder(options, { job, hold }, deadline),
  };
}

async function releaseHolder(
  options: DynamoDbOptions,
  place: Place,
  deadline: Date,
): Promise<boolean> {
  const removal = takeOff(options.table, place, options.now());
  const job = parseJobId(place.holder);
  if (job !== undefined) {
    const check = toCheck(options, { job, key: place.key }, 'NOT contains(held, :key)');
    return isDone(await transact(options, [check, removal], deadline));
  }
  // What is no job's id has no record that could hold anything.
  const call = { operation: 'UpdateItem', body: removal.Update, deadline } as const;
  if ((await callDynamoDb(options, call)).kind !== 'done') throw contradiction();
  return true;
}

async function restoreHolder(
  options: DynamoDbOptions,
  { job, hold }: { readonly job: JobId; readonly hold: LimitHold },
  deadline: Date,
): Promise<boolean> {
  // The runs of a day are a number, to which adding twice adds two.
  if (hold.limit === 'runs-per-day') return false;
  const check = toCheck(options, { job, key: hold.key }, 'contains(held, :key)');
  const addition = addBack(options.table, { key: hold.key, holder: job }, options.now());
  return isDone(await transact(options, [check, addition], deadline));
}

/** A condition on what a job's item holds, which a transaction depends on. Source: DynamoDB API reference, ConditionCheck. */
function toCheck(
  { table }: DynamoDbOptions,
  { job, key }: { readonly job: JobId; readonly key: string },
  ConditionExpression: string,
): object {
  return {
    ConditionCheck: {
      TableName: table,
      Key: { jobId: { S: job } },
      ConditionExpression,
      ExpressionAttributeValues: { ':key': { S: key } },
    },
  };
}

/** Tells whether a transaction was done, and not refused by its check. */
function isDone(unmet: Unmet): boolean {
  if (unmet === undefined) return true;
  if (isUnmet(unmet[0])) return false;
  throw contradiction();
}
