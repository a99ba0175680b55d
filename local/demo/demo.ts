import { randomUUID } from 'node:crypto';
import { showAudit, type AwsAddress } from './audit.ts';
import {
  createApiClient,
  fetchToken,
  type ApiAddress,
  type ApiClient,
  type ClientCredentials,
} from './api-client.ts';
import { countRows, type RowCounts } from './count.ts';
import { followJob } from './follow.ts';
import { shortenPath, showRows } from './rows.ts';
import type { Screen } from './screen.ts';

/** What the demo is given. */
export interface DemoOptions {
  readonly stack: ApiAddress &
    AwsAddress & { readonly clients: { readonly analyst: ClientCredentials } };
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** Python that counts the same CSV without Spark. */
  readonly python: string;
  readonly csvPath: string;
}

const PARAMETERS = {
  input: 'gs://jobgate-data/samples/birdstrikes.csv',
  startDate: '1995-01-01',
  endDate: '1999-12-31',
};

/** Runs one job as an analyst would and shows everything; true when it succeeded and its counts are right. */
export async function showJobLife(options: DemoOptions): Promise<boolean> {
  const { screen, stack, signal } = options;
  screen.heading('1  A token for the analyst');
  const token = await fetchToken(stack, stack.clients.analyst, signal);
  showToken(screen, token);
  const client = createApiClient(stack, token, signal);
  const job = await submit(client, screen);
  screen.heading('3  Its states and the driver’s log, as they come');
  const ended = await followJob(client, job, options);
  if (ended['state'] !== 'succeeded') {
    screen.check(false, `the job ${String(ended['state'])}: ${describeError(ended['error'])}`);
    return false;
  }
  const report = await showResult(client, job, screen);
  showRunner(ended, screen);
  await showAudit(stack.aws, String(ended['correlationId']), screen);
  return compare(report, options);
}

function showToken(screen: Screen, token: string): void {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    readonly [name: string]: unknown;
  };
  screen.fact('issuer', String(claims['iss']));
  screen.fact('subject', String(claims['sub']));
  screen.fact('groups', String(claims['groups']));
  screen.fact('scopes', String(claims['scope']));
}

async function submit(client: ApiClient, screen: Screen): Promise<string> {
  screen.heading('2  One POST');
  const body = { template: 'preprocess', parameters: PARAMETERS, labels: { team: 'demo' } };
  screen.line(`  POST /v1/jobs  ${JSON.stringify(body)}`);
  const answer = await client.post('/jobs', body, { 'idempotency-key': randomUUID() });
  screen.fact('answer', String(answer.status));
  screen.fact('job', String(answer.body['id']));
  screen.fact('location', answer.headers.get('location') ?? 'none');
  return String(answer.body['id']);
}

interface ResultFile {
  readonly path: string;
  readonly bytes: number;
}

async function showResult(
  client: ApiClient,
  job: string,
  screen: Screen,
): Promise<Readonly<Record<string, unknown>>> {
  screen.heading('4  The result');
  const { body } = await client.get(`/jobs/${job}/result`);
  const files = body['files'] as readonly ResultFile[];
  screen.table(
    ['file', 'bytes'],
    files.map((file) => [shortenPath(file.path), String(file.bytes)]),
  );
  const download = (path: string): Promise<Uint8Array> =>
    client.download(`/jobs/${job}/files/${path.split('/').map(encodeURIComponent).join('/')}`);
  const parquet = files.find((file) => file.path.endsWith('.parquet'));
  if (parquet !== undefined) {
    const bytes = await download(parquet.path);
    await showRows({ bytes, path: parquet.path, columns: SHOWN_COLUMNS }, screen);
  }
  const report = JSON.parse(Buffer.from(await download('report.json')).toString()) as {
    readonly [name: string]: unknown;
  };
  showReport(report, screen);
  return report;
}

const SHOWN_COLUMNS = [
  'flight_date',
  'airport_name',
  'aircraft_make_model',
  'wildlife_species',
  'damage',
  'speed_ias_knots',
];

interface ColumnQuality {
  readonly name: string;
  readonly type: string;
  readonly nulls: number;
  readonly rejects: number;
}

function showReport(report: Readonly<Record<string, unknown>>, screen: Screen): void {
  screen.heading('5  The quality report');
  const rejects = report['rejects'] as {
    rows: number;
    byReason: readonly { column: string; reason: string; count: number }[];
  };
  screen.fact('rows in', String(report['rowsIn']));
  screen.fact('rows out', String(report['rowsOut']));
  screen.fact('rejected', String(rejects.rows));
  for (const { column, reason, count } of rejects.byReason)
    screen.fact('', `${count} × ${column}: ${reason}`);
  screen.fact('duplicates', String(report['duplicates']));
  screen.fact('outside range', String(report['outsideRange']));
  screen.line();
  const columns = report['columns'] as readonly ColumnQuality[];
  screen.table(
    ['column', 'type', 'nulls', 'rejects'],
    columns.map(({ name, type, nulls, rejects: count }) => [
      name,
      type,
      String(nulls),
      String(count),
    ]),
  );
}

function showRunner(job: Readonly<Record<string, unknown>>, screen: Screen): void {
  screen.heading('6  Who ran this job?');
  const by = job['submittedBy'] as { issuer: string; subject: string; client: string };
  screen.fact('subject', `${by.subject} (client ${by.client}), says ${by.issuer}`);
  screen.fact('template', `${String(job['template'])} ${String(job['templateVersion'])}`);
  screen.fact('ran as', String(job['runtimeAccount']));
  screen.fact('submitted', String(job['submittedAt']));
  screen.fact('started', String(job['startedAt']));
  screen.fact('ended', String(job['endedAt']));
  screen.fact('correlation id', String(job['correlationId']));
}

function describeError(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : 'no reason was given';
}

/** The judge knows nothing of Spark: a few lines of Python count the same CSV. */
async function compare(
  report: Readonly<Record<string, unknown>>,
  options: DemoOptions,
): Promise<boolean> {
  const { screen } = options;
  screen.heading('7  Counted again by plain Python');
  const expected = await countRows({
    ...options,
    start: PARAMETERS.startDate,
    end: PARAMETERS.endDate,
  });
  const rejects = report['rejects'] as { rows: number };
  const actual: RowCounts = {
    rowsIn: Number(report['rowsIn']),
    rowsOut: Number(report['rowsOut']),
    rejects: rejects.rows,
  };
  const names = ['rowsIn', 'rowsOut', 'rejects'] as const;
  for (const name of names) {
    screen.check(
      actual[name] === expected[name],
      `${name}: ${actual[name]} by Spark, ${expected[name]} by Python`,
    );
  }
  const right = names.every((name) => actual[name] === expected[name]);
  screen.line();
  screen.line(
    right
      ? '  Done: submitted, run by Spark, read back and counted right.'
      : '  The counts differ.',
  );
  return right;
}
