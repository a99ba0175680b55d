import { TransportError, type HttpRequest, type HttpResponse } from '../../../shared/transport.ts';
import { toAwsRefusal, toJson } from './answers.ts';
import { AwsError } from './attributes.ts';
import type { CallName, ServiceName } from './cloud.ts';
import { cancelled } from './dynamodb.ts';

/** What befalls a call. */
export type Fault =
  /** Nobody listens: the request cannot have been acted on. */
  | { readonly kind: 'refused' }
  /** The connection breaks, before or after the work; a body that is cut off in its middle looks the same. */
  | { readonly kind: 'cut'; readonly worked: boolean }
  /** No answer comes in time; the work is done, or not, or `lateMs` after the caller has given up. */
  | { readonly kind: 'timeout'; readonly worked: boolean; readonly lateMs?: number }
  /** The service refuses in its own words; with `worked` it has done the work all the same. */
  | { readonly kind: 'says'; readonly word: string; readonly worked: boolean }
  /** A list or an index shows what was there a while ago. */
  | { readonly kind: 'lag'; readonly lagMs: number }
  /** The process ends: before the request leaves, or when the work is done and the answer on its way. */
  | { readonly kind: 'kill'; readonly worked: boolean };

/** Says which fault befalls a call, the `index`th of the process or the operation; undefined for none. */
export type FaultPlan = (call: CallName, index: number) => Fault | undefined;

/** No fault ever. */
export const NO_FAULTS: FaultPlan = () => undefined;

interface Word {
  readonly status: number;
  /** Operations that are refused so; all when absent. */
  readonly only?: readonly string[];
  /** Whether it is a refusal of the request itself, which no retry helps. */
  readonly definite?: boolean;
  /** Whether the work may have been done all the same. */
  readonly open?: boolean;
  /** Reasons why the parts of a transaction were not done, one for each part in turn. */
  readonly reasons?: readonly string[];
}

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];
const TRANSACTION = ['TransactWriteItems'];

/**
 * In which words each service says that it does not serve now. Source: DynamoDB API reference, common errors and
 * TransactWriteItems; CloudWatch Logs and Secrets Manager API references; google.rpc.Code.
 */
export const WORDS = {
  DynamoDB: {
    ThrottlingException: { status: 400 },
    ProvisionedThroughputExceededException: { status: 400 },
    RequestLimitExceeded: { status: 400 },
    InternalServerError: { status: 500, open: true },
    ServiceUnavailable: { status: 503 },
    UnprocessedKeys: { status: 200, only: ['BatchGetItem'] },
    TransactionConflictException: { status: 400, only: WRITES },
    TransactionInProgressException: { status: 400, only: TRANSACTION },
    TransactionConflict: {
      status: 400,
      only: TRANSACTION,
      reasons: ['TransactionConflict', 'None'],
    },
    CounterConflict: { status: 400, only: TRANSACTION, reasons: ['None', 'TransactionConflict'] },
    ThrottlingError: {
      status: 400,
      only: TRANSACTION,
      reasons: ['None', 'None', 'ThrottlingError'],
    },
    ProvisionedThroughputExceeded: {
      status: 400,
      only: TRANSACTION,
      reasons: ['ProvisionedThroughputExceeded', 'None'],
    },
  },
  Logs: {
    ThrottlingException: { status: 400 },
    ServiceUnavailableException: { status: 503 },
    InternalFailure: { status: 500, open: true },
    OperationAbortedException: { status: 400, only: ['CreateLogStream'] },
  },
  'Secrets Manager': {
    ThrottlingException: { status: 400 },
    InternalServiceError: { status: 500 },
  },
  EventBridge: {
    FailedEntry: { status: 200 },
    ThrottlingException: { status: 400 },
    InternalFailure: { status: 500 },
  },
  STS: {
    RESOURCE_EXHAUSTED: { status: 429 },
    UNAVAILABLE: { status: 503 },
    INTERNAL: { status: 500 },
  },
  IAM: {
    RESOURCE_EXHAUSTED: { status: 429 },
    UNAVAILABLE: { status: 503 },
    INTERNAL: { status: 500 },
  },
  Dataproc: {
    RESOURCE_EXHAUSTED: { status: 429 },
    UNAVAILABLE: { status: 503 },
    INTERNAL: { status: 500, open: true },
    DEADLINE_EXCEEDED: { status: 504, open: true },
    UNAUTHENTICATED: { status: 401 },
    PERMISSION_DENIED: { status: 403, definite: true },
  },
  Storage: { UNAVAILABLE: { status: 503 }, INTERNAL: { status: 500 } },
} as const satisfies Record<ServiceName, Record<string, Word>>;

const GOOGLE: readonly ServiceName[] = ['STS', 'IAM', 'Dataproc', 'Storage'];

/** The words in which the service of a call may refuse it for now; some of them when it has done the work. */
export function listWords({ service, operation }: CallName): readonly (Fault & { kind: 'says' })[] {
  return Object.entries<Word>(WORDS[service]).flatMap(([word, { only, open, definite }]) => {
    if (only?.includes(operation) === false || definite === true) return [];
    const before = { kind: 'says', word, worked: false } as const;
    return open === true ? [before, { ...before, worked: true }] : [before];
  });
}

/** The refusal of a request in one of its service's words. */
export function say({ service }: CallName, word: string, request: HttpRequest): HttpResponse {
  const said = Object.entries<Word>(WORDS[service]).find(([each]) => each === word)?.[1];
  if (said === undefined) throw new Error(`${service} does not say ${word}`);
  const { status, reasons } = said;
  if (GOOGLE.includes(service))
    return toJson(status, { error: { code: status, status: word, message: `played: ${word}` } });
  const { RequestItems } = JSON.parse(request.body ?? '') as { RequestItems?: unknown };
  if (status === 200) return toJson(200, { FailedEntryCount: 1, UnprocessedKeys: RequestItems });
  if (reasons === undefined) return toAwsRefusal(status, new AwsError(word, `played: ${word}`));
  const { TransactItems: parts } = JSON.parse(request.body ?? '') as { TransactItems: unknown[] };
  const last = reasons.at(-1) ?? 'None';
  return toAwsRefusal(
    status,
    cancelled(parts.map((_, index) => ({ Code: reasons[index] ?? last }))),
  );
}

/** What a caller sees of a connection that failed. */
export function toFailure(kind: 'refused' | 'cut' | 'timeout'): TransportError {
  return new TransportError(kind, `played: ${kind}`);
}

/** A fault in words. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'refused':
      return 'refused';
    case 'lag':
      return `lag of ${fault.lagMs} ms`;
    case 'says':
      return `${fault.word}${fault.worked ? ' after the work' : ''}`;
    case 'timeout':
      if (fault.lateMs !== undefined) return `done ${fault.lateMs} ms after the deadline`;
      return `timeout ${fault.worked ? 'after' : 'before'} the work`;
    case 'cut':
    case 'kill':
      return `${fault.kind} ${fault.worked ? 'after' : 'before'} the work`;
    default:
      return fault satisfies never;
  }
}
