import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Screen } from './screen.ts';

/** Where AWS is. */
export interface AwsAddress {
  readonly aws: string;
}

const LOG_GROUP = '/aws/lambda/jobgate-local-submit-job';

/** Shows what an auditor finds for one correlation id: the decision and the record, from CloudWatch Logs. */
export async function showAudit(aws: string, correlationId: string, screen: Screen): Promise<void> {
  screen.line();
  screen.line(`  The audit lines with that correlation id in ${LOG_GROUP}:`);
  screen.line();
  const lines = (await readLogLines(aws)).filter(
    (line) => line['level'] === 'audit' && line['correlationId'] === correlationId,
  );
  const keys = ['timestamp', 'message', 'caller', 'template', 'decision', 'rule'];
  screen.table(
    ['time', 'event', 'caller', 'template', 'decision', 'rule'],
    lines.map((line) => keys.map((key) => toCell(line[key]))),
  );
}

function toCell(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

type LogLine = Readonly<Record<string, unknown>>;

/** The emulator ignores filter patterns, so the caller filters itself. */
async function readLogLines(aws: string): Promise<readonly LogLine[]> {
  const client = new CloudWatchLogsClient({
    endpoint: aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  try {
    const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: LOG_GROUP }));
    return (events ?? []).flatMap(({ message }) => parseLine(message ?? ''));
  } finally {
    client.destroy();
  }
}

/** The runtime writes its own lines between the function's: they are no JSON. */
function parseLine(message: string): readonly LogLine[] {
  const start = message.indexOf('{');
  if (start < 0) return [];
  try {
    return [JSON.parse(message.slice(start)) as LogLine];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
