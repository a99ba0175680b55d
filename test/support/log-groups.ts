import { randomUUID } from 'node:crypto';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Stack } from '../../local/up/stack-file.ts';
import type { AuditRecord } from '../../shared/policy/audit-record.ts';
import { getStack } from './api.ts';

/** One line of a log group: a JSON object. */
export type GroupLine = Readonly<Record<string, unknown>>;

/** Names of the stack's log groups for decisions and for requests. */
export const AUDIT_GROUP = '/jobgate/local/audit';
export const ACCESS_GROUP = '/aws/api-gateway/jobgate-local';

/** Makes the official client of a stack's CloudWatch Logs, as the account's administrator. */
export function createLogsClient({ aws }: Pick<Stack, 'aws'> = getStack()): CloudWatchLogsClient {
  return new CloudWatchLogsClient({
    endpoint: aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

/** Reads a log group line by line, oldest first; each must be one JSON object. */
export async function readLogGroup(logGroupName: string): Promise<readonly GroupLine[]> {
  const client = createLogsClient();
  const { events } = await client.send(new FilterLogEventsCommand({ logGroupName }));
  client.destroy();
  return (events ?? []).map(({ message }) => JSON.parse(message ?? '') as GroupLine);
}

/** Writes records to the stack's audit as another function would, into a stream of their own. */
export async function putAuditRecords(records: readonly AuditRecord[]): Promise<void> {
  const client = createLogsClient();
  const place = { logGroupName: AUDIT_GROUP, logStreamName: `test/${randomUUID()}` };
  await client.send(new CreateLogStreamCommand(place));
  const logEvents = records.map((record) => ({
    timestamp: Date.parse(record.timestamp),
    message: JSON.stringify(record),
  }));
  await client.send(new PutLogEventsCommand({ ...place, logEvents }));
  client.destroy();
}

/** Reads what one function of a stack logged, whatever it is. */
export async function readFunctionLog(
  name: string,
  stack: Stack = getStack(),
): Promise<readonly string[]> {
  const client = createLogsClient(stack);
  const logGroupName = `/aws/lambda/jobgate-local-${name}`;
  const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName }));
  client.destroy();
  return events.map(({ message = '' }) => message);
}

/** Reads what all functions of the stack logged, whatever it is. */
export async function readFunctionLogs(): Promise<readonly string[]> {
  const client = createLogsClient();
  const logGroupNamePrefix = '/aws/lambda/jobgate-local-';
  const { logGroups = [] } = await client.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix }),
  );
  const lines: string[] = [];
  for (const { logGroupName } of logGroups) {
    const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName }));
    lines.push(...events.map(({ message = '' }) => message));
  }
  client.destroy();
  return lines;
}
