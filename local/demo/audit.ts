import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Screen } from './screen.ts';

/** Where AWS is. */
export interface AwsAddress {
  readonly aws: string;
}

const LOG_GROUP = '/jobgate/local/audit';

/** Shows what an auditor finds for one correlation id: who asked, and the rule that decided, from CloudWatch Logs. */
export async function showAudit(aws: string, correlationId: string, screen: Screen): Promise<void> {
  screen.line();
  screen.line(`  The audit’s records with that correlation id in ${LOG_GROUP}:`);
  screen.line();
  const lines = (await readLogLines(aws)).filter((line) => line['correlationId'] === correlationId);
  const keys = ['timestamp', 'action', 'caller', 'template', 'decision', 'rule'];
  screen.table(
    ['time', 'action', 'caller', 'template', 'decision', 'rule'],
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
    return (events ?? []).map(({ message }) => JSON.parse(message ?? '') as LogLine);
  } finally {
    client.destroy();
  }
}
