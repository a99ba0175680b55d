import { randomUUID } from 'node:crypto';
import { callDynamoDb, contradiction, type DynamoDbOptions } from './call.ts';
import type { CancellationReason } from './cancellation.ts';

/** Conditions that were not met, in the order of the transaction's parts; undefined when the write was done. */
export type Unmet = readonly CancellationReason[] | undefined;

/**
 * Does all parts or none, the record's first; attempts of one series share a token, under which DynamoDB does them once.
 * @throws upstream problems. Source: DynamoDB API reference, TransactWriteItems.
 */
export async function transact(
  options: DynamoDbOptions,
  parts: readonly object[],
  deadline: Date,
): Promise<Unmet> {
  const body = { TransactItems: parts, ClientRequestToken: randomUUID() };
  const operation = 'TransactWriteItems';
  const answer = await callDynamoDb(options, { operation, body, deadline });
  if (answer.kind === 'conditionFailed') throw contradiction();
  return answer.kind === 'done' ? undefined : answer.reasons;
}
