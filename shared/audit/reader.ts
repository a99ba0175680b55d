import type {
  CloudWatchLogsClient,
  FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { toClientOptions, type ClientPlace } from '../aws/client-options.ts';
import { invalidCursor } from '../jobs/audit-cursor.ts';
import type { AuditQuery, AuditReader } from '../jobs/ports.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import { Problem } from '../problem.ts';

/** What reading the audit log group needs from outside. */
export interface AuditReaderOptions extends ClientPlace {
  readonly logGroup: string;
  readonly now: () => Date;
}

/**
 * Makes the reader of the audit log group over the official client, which is loaded when it is first needed. What comes
 * back is filtered again: a pattern is a help, not a promise. Source: CloudWatch Logs API reference, FilterLogEvents.
 */
export function createAuditReader(options: AuditReaderOptions): AuditReader {
  let client: Promise<CloudWatchLogsClient> | undefined;
  return {
    read: async (query, deadline) => {
      const leftMs = Math.max(1, deadline.getTime() - options.now().getTime());
      client ??= openClient(options);
      const output = await filterEvents(await client, { ...query, ...options, leftMs });
      const records = (output.events ?? []).flatMap(({ message }) =>
        parseAuditRecord(message ?? '', query.job),
      );
      return { records, token: output.nextToken ?? null };
    },
  };
}

async function openClient(options: AuditReaderOptions): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
  return new CloudWatchLogsClient(toClientOptions(options));
}

interface Search extends AuditQuery {
  readonly logGroup: string;
  readonly leftMs: number;
}

/** A job id's alphabet has nothing that a filter pattern could mistake. */
async function filterEvents(
  client: CloudWatchLogsClient,
  { job, fromMs, toMs, token, logGroup, leftMs }: Search,
): Promise<FilterLogEventsCommandOutput> {
  const { FilterLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const command = new FilterLogEventsCommand({
    logGroupName: logGroup,
    startTime: fromMs,
    endTime: toMs,
    filterPattern: `{ $.jobId = "${job}" }`,
    ...(token === null ? {} : { nextToken: token }),
  });
  try {
    return await client.send(command, { abortSignal: AbortSignal.timeout(leftMs) });
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'InvalidParameterException' && token !== null) throw invalidCursor(error);
    const detail = 'The audit cannot be read now. Try again.';
    throw new Problem('upstream_unavailable', detail, { upstream: 'audit', retryAfter: 5 }, error);
  }
}

const REQUIRED = [
  'id',
  'timestamp',
  'action',
  'decision',
  'rule',
  'requestId',
  'correlationId',
] as const satisfies readonly (keyof AuditRecord)[];

/** Reads an event that the writer of audit records wrote about a job; none of anything else. */
function parseAuditRecord(message: string, job: string): readonly AuditRecord[] {
  const value = parseJson(message);
  if (typeof value !== 'object' || value === null) return [];
  const members = new Map<string, unknown>(Object.entries(value));
  const isRecord = members.get('message') === 'audit' && members.get('jobId') === job;
  const isWhole = REQUIRED.every((name) => typeof members.get(name) === 'string');
  return isRecord && isWhole ? [value as AuditRecord] : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
