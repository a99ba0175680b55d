import type {
  CreateLogStreamCommandInput,
  PutLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { sendAwsJson, type AwsCredentialsSource } from '../aws/signed-request.ts';
import { toJsonLine } from '../log.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import { unrecorded, type Guard } from '../policy/guard.ts';
import { parseJsonObject, TransportError, type HttpResponse, type Send } from '../transport.ts';

/** What writing to the audit log group needs from outside. */
export interface LogGroupOptions {
  readonly logGroup: string;
  /** A name that no other instance writes under. */
  readonly logStream: string;
  readonly region: string;
  readonly endpoint: string | null;
  readonly credentials: AwsCredentialsSource;
  readonly send: Send;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Attempts in all, milliseconds that one may take, and what must be left for another. */
const ATTEMPTS = 4;
const ATTEMPT_MS = 2_000;
const LEAST_MS = 250;
/** How old an event may say that it is; the record itself keeps its time. CloudWatch refuses more than 14 days. */
const OLDEST_MS = 13 * 24 * 3600_000;

/**
 * Makes the writer of audit records: one event each, in a stream of its own that is made when it is first needed.
 * Throttling, CloudWatch's own failures and lost answers are retried with jitter inside the deadline, so a record may be
 * there twice, with the same id. It counts as written when CloudWatch accepted the call and rejected nothing.
 * Source: CloudWatch Logs API reference, PutLogEvents and CreateLogStream.
 */
export function createLogGroupWriter(options: LogGroupOptions): Guard['record'] {
  let hasStream = false;
  const writeOnce = async (record: AuditRecord, deadline: Date): Promise<Outcome> => {
    if (!hasStream) {
      const made = await createStream(options, deadline);
      if (made.kind !== 'done') return made;
      hasStream = true;
    }
    const put = await putEvent(options, record, deadline);
    if (put.kind === 'noStream') hasStream = false;
    return put;
  };
  return async (record, deadline) => {
    let last: Outcome = { kind: 'again' };
    for (let attempt = 1; attempt <= ATTEMPTS && hasTime(options, deadline); attempt += 1) {
      if (attempt > 1) await options.sleep(Math.random() * 50 * 2 ** attempt);
      last = await writeOnce(record, deadline);
      if (last.kind === 'done') return;
      if (last.kind === 'refused') break;
    }
    throw unrecorded(last.cause);
  };
}

function hasTime(options: LogGroupOptions, deadline: Date): boolean {
  return deadline.getTime() - options.now().getTime() >= LEAST_MS;
}

/** What one call led to; `refused` does not get better by another try, `noStream` does by a new stream. */
interface Outcome {
  readonly kind: 'done' | 'noStream' | 'again' | 'refused';
  readonly cause?: Error;
}

async function createStream(options: LogGroupOptions, deadline: Date): Promise<Outcome> {
  const { logGroup: logGroupName, logStream: logStreamName } = options;
  const input: CreateLogStreamCommandInput = { logGroupName, logStreamName };
  const outcome = await call(options, { operation: 'CreateLogStream', input, deadline });
  // The group itself is missing: no stream helps.
  return outcome.kind === 'noStream' ? { ...outcome, kind: 'refused' } : outcome;
}

function putEvent(options: LogGroupOptions, record: AuditRecord, deadline: Date): Promise<Outcome> {
  const { logGroup: logGroupName, logStream: logStreamName } = options;
  const oldest = options.now().getTime() - OLDEST_MS;
  const timestamp = Math.max(Date.parse(record.timestamp), oldest);
  const event = { timestamp, message: toJsonLine(record) };
  const input: PutLogEventsCommandInput = { logGroupName, logStreamName, logEvents: [event] };
  return call(options, { operation: 'PutLogEvents', input, deadline });
}

interface LogsCall {
  readonly operation: 'CreateLogStream' | 'PutLogEvents';
  readonly input: CreateLogStreamCommandInput | PutLogEventsCommandInput;
  readonly deadline: Date;
}

async function call(options: LogGroupOptions, logsCall: LogsCall): Promise<Outcome> {
  const { operation, input, deadline } = logsCall;
  const latest = options.now().getTime() + ATTEMPT_MS;
  try {
    const response = await sendAwsJson(
      {
        service: 'logs',
        region: options.region,
        endpoint: options.endpoint,
        target: `Logs_20140328.${operation}`,
        jsonVersion: '1.1',
        body: JSON.stringify(input),
        deadline: new Date(Math.min(deadline.getTime(), latest)),
      },
      options.credentials(),
      options.send,
    );
    return toOutcome(operation, response);
  } catch (error) {
    if (error instanceof TransportError) return { kind: 'again', cause: error };
    throw error;
  }
}

const RETRIED = /Throttling|ServiceUnavailable|LimitExceeded|OperationAborted|InternalFailure/;

function toOutcome(operation: string, response: HttpResponse): Outcome {
  const members = parseJsonObject(response.body);
  if (response.status === 200) {
    if (!members.has('rejectedLogEventsInfo')) return { kind: 'done' };
    return { kind: 'refused', cause: new Error(`${operation}: the event was rejected`) };
  }
  const raw = members.get('__type');
  const type = typeof raw === 'string' ? raw.replace(/^.*#/, '') : 'unknown';
  const cause = new Error(`${operation}: ${response.status} ${type}`);
  if (type === 'ResourceAlreadyExistsException') return { kind: 'done' };
  if (type === 'ResourceNotFoundException') return { kind: 'noStream', cause };
  const again = RETRIED.test(type) || response.status >= 500 || response.status === 429;
  return { kind: again ? 'again' : 'refused', cause };
}
