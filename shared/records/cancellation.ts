import { toMembers } from './attribute-value.ts';

/** Why one part of a transaction was not done; `item` is the item that its condition was held against. */
export interface CancellationReason {
  readonly code: string;
  readonly item: unknown;
}

/** Codes of what another attempt may find gone. Source: DynamoDB API reference, TransactWriteItems. */
const PASSING = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);
const CONDITION_FAILED = 'ConditionalCheckFailed';

/** Reads the reasons of a transaction that was cancelled, in the order of its parts; none for any other answer. */
export function readReasons(members: ReadonlyMap<string, unknown>): readonly CancellationReason[] {
  const reasons = members.get('CancellationReasons');
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: unknown) => {
    const read = toMembers(reason);
    const code = read.get('Code');
    return { code: typeof code === 'string' ? code : 'None', item: read.get('Item') };
  });
}

/** Tells whether a part's condition was not met. */
export function isUnmet(reason: CancellationReason | undefined): boolean {
  return reason?.code === CONDITION_FAILED;
}

/**
 * Tells whether the conditions decided, so that another attempt would be answered alike. The first part is the record:
 * while it is only in conflict nobody knows whether it is there, and that it is there would come before any limit.
 */
export function isDecided(reasons: readonly CancellationReason[]): boolean {
  const [record] = reasons;
  if (record === undefined || PASSING.has(record.code)) return false;
  return reasons.some(isUnmet);
}

/** Tells whether a transaction was cancelled by nothing but what passes. */
export function isPassing(reasons: readonly CancellationReason[]): boolean {
  const codes = reasons.map(({ code }) => code).filter((code) => code !== 'None');
  return codes.length > 0 && codes.every((code) => PASSING.has(code) || code === CONDITION_FAILED);
}
