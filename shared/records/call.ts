import { sendAwsJson, type AwsCredentialsSource } from '../aws/signed-request.ts';
import { parseJsonObject, type HttpResponse, type Send } from '../transport.ts';
import { toUpstreamProblem, upstreamProblem } from '../upstream.ts';
import { isDecided, isPassing, readReasons, type CancellationReason } from './cancellation.ts';

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

/** What DynamoDB answered: done, or a condition that was not met; of a transaction, why each part was not. */
export type DynamoDbAnswer =
  | { readonly kind: 'done'; readonly members: ReadonlyMap<string, unknown> }
  | { readonly kind: 'conditionFailed' }
  | { readonly kind: 'cancelled'; readonly reasons: readonly CancellationReason[] };

/** One call; a repeated one must do no harm. */
export interface DynamoDbCall {
  readonly operation: keyof typeof ATTEMPTS;
  readonly body: unknown;
  readonly deadline: Date;
}

/** Transactions on counters that many jobs share meet each other: they are tried for as long as there is time. */
const ATTEMPTS = {
  GetItem: 3,
  PutItem: 3,
  UpdateItem: 3,
  BatchGetItem: 3,
  Query: 3,
  TransactWriteItems: 12,
} as const;

const RETRIED =
  /Throttling|ProvisionedThroughputExceeded|RequestLimitExceeded|InternalServerError|TransactionConflict|TransactionInProgress/;
/** Milliseconds between attempts: up to twice as many each time, and no more than the last. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Calls DynamoDB. Throttling, conflicts and DynamoDB's own failures are repeated with jitter inside the deadline, with
 * the very same body. Source: DynamoDB API reference, common errors and TransactWriteItems.
 * @throws Problem `upstream_unavailable` when no attempt was taken, `upstream_refused` for what no attempt would change.
 */
export async function callDynamoDb(
  options: DynamoDbOptions,
  { operation, body, deadline }: DynamoDbCall,
): Promise<DynamoDbAnswer> {
  const text = JSON.stringify(body);
  for (let attempt = 1; ; attempt += 1) {
    const response = await sendOnce(options, { operation, text, deadline });
    const members = parseJsonObject(response.body);
    if (response.status === 200) return { kind: 'done', members };
    const type = readType(members);
    if (type.endsWith('ConditionalCheckFailedException')) return { kind: 'conditionFailed' };
    const reasons = readReasons(members);
    if (isDecided(reasons)) return { kind: 'cancelled', reasons };
    const retried = RETRIED.test(type) || isPassing(reasons) || response.status >= 500;
    const remainingMs = deadline.getTime() - options.now().getTime();
    if (!retried || attempt === ATTEMPTS[operation] || remainingMs < 1000) {
      const code = retried ? 'upstream_unavailable' : 'upstream_refused';
      const codes = reasons.map((reason) => reason.code).join(', ');
      const cause = new Error(`${operation}: ${type}${codes === '' ? '' : ` (${codes})`}`);
      throw upstreamProblem(code, 'DynamoDB', { status: response.status, cause });
    }
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    await options.sleep(Math.random() * pauseMs);
  }
}

async function sendOnce(
  options: DynamoDbOptions,
  { operation, text, deadline }: { operation: string; text: string; deadline: Date },
): Promise<HttpResponse> {
  const { region, endpoint } = options;
  const target = `DynamoDB_20120810.${operation}`;
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

/** The problem of an answer that cannot be. */
export function contradiction(): unknown {
  return upstreamProblem('upstream_error', 'DynamoDB', { detail: 'contradicted itself' });
}
