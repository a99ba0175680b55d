import aws4 from 'aws4';
import type { Screen } from './screen.ts';

/** Where AWS is. */
export interface AwsAddress {
  readonly aws: string;
}

const LOG_GROUP = '/aws/lambda/jobgate-local-submit-job';
const REGION = 'us-east-1';
const REQUEST_TIMEOUT_MS = 10_000;

/** Shows what an auditor finds for one correlation id: the decision and the record, from CloudWatch Logs. */
export async function showAudit(aws: string, correlationId: string, screen: Screen): Promise<void> {
  screen.line();
  screen.line(`  The audit lines with that correlation id in ${LOG_GROUP}:`);
  screen.line();
  const lines = (await readLogLines(aws)).filter(
    (line) => line['level'] === 'audit' && line['correlationId'] === correlationId,
  );
  screen.table(
    ['time', 'event', 'caller', 'template', 'decision', 'rule'],
    lines.map((line) =>
      ['timestamp', 'message', 'caller', 'template', 'decision', 'rule'].map((key) =>
        toCell(line[key]),
      ),
    ),
  );
}

function toCell(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

type LogLine = Readonly<Record<string, unknown>>;

/** Source: CloudWatch Logs API reference, FilterLogEvents. */
async function readLogLines(aws: string): Promise<readonly LogLine[]> {
  const body = JSON.stringify({ logGroupName: LOG_GROUP });
  const signed = aws4.sign(
    {
      host: new URL(aws).host,
      path: '/',
      service: 'logs',
      region: REGION,
      body,
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': 'Logs_20140328.FilterLogEvents',
      },
    },
    { accessKeyId: 'test', secretAccessKey: 'test' },
  );
  const headers = new Headers();
  for (const [name, value] of Object.entries(signed.headers ?? {}))
    headers.set(name, String(value));
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const response = await fetch(aws, { method: 'POST', headers, body, signal });
  const answer = (await response.json()) as {
    readonly events?: readonly { readonly message: string }[];
  };
  return (answer.events ?? []).flatMap(({ message }) => parseLine(message));
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
