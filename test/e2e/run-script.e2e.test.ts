import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi, waitForEnd } from '../support/api.ts';
import { announce, getTicket, put, runScript, upload } from '../support/uploading.ts';

const FOLDER = join(import.meta.dirname, '../../templates/run-script');
const SQL = readFileSync(join(FOLDER, 'example.sql'), 'utf8');

async function download(job: string, path: string): Promise<Buffer> {
  const link = await callApi(`/jobs/${job}/files/${path}`, { as: 'analyst' });
  expect(link.status).toBe(303);
  return Buffer.from(await (await fetch(link.headers.get('location') ?? '')).arrayBuffer());
}

async function runToEnd(name: string, content: string): Promise<Readonly<Record<string, unknown>>> {
  const { status, body, text } = await runScript(await upload(name, content));
  if (status !== 202) throw new Error(`submit-job answered ${status}: ${text}`);
  return waitForEnd(String(body['id']));
}

function lastLine(ended: Readonly<Record<string, unknown>>): string | undefined {
  const { logTail } = ended['error'] as { readonly logTail: readonly string[] };
  return logTail.at(-1);
}

describe('a file of statements, from its author to its rows', () => {
  let script: string;
  let job: string;
  let ended: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    script = await upload('weekdays.sql', SQL);
    job = String((await runScript(script)).body['id']);
    ended = await waitForEnd(job);
  });

  it('succeeds as the sandbox, and its record names what ran', () => {
    expect(ended).toMatchObject({
      state: 'succeeded',
      error: null,
      parameters: { script },
      runtimeAccount: 'jg-run-run-script@local.iam.gserviceaccount.com',
    });
    expect(script).toContain(`/${announce('weekdays.sql', SQL).sha256}/weekdays.sql`);
  });

  it('leaves the rows of its last statement, and a report', async () => {
    const report: unknown = JSON.parse((await download(job, 'report.json')).toString());
    expect(report).toMatchObject({ script, kind: 'sql', statements: 2, rowsOut: 7 });
    const result = await callApi(`/jobs/${job}/result`, { as: 'analyst' });
    const paths = (result.body['files'] as readonly { path: string }[]).map((file) => file.path);
    const [path = ''] = paths.filter((each) => each.endsWith('.parquet'));
    const file = Uint8Array.from(await download(job, path)).buffer;
    expect(await parquetReadObjects({ file })).toContainEqual({ weekday: 'Monday', days: 53n });
  });

  it('is named in the audit by its URI', async () => {
    const { body } = await callApi(`/jobs/${job}/audit`, { as: 'analyst' });
    const items = body['items'] as readonly Readonly<Record<string, unknown>>[];
    const [submitted] = items.filter((item) => item['action'] === 'submit-job');
    expect(submitted).toMatchObject({
      decision: 'allow',
      caller: { subject: 'analyst' },
      uploads: [script],
    });
  });

  it('runs again with the same file', async () => {
    const json = { template: 'run-script', retryOf: job };
    const again = await callApi('/jobs', { as: 'analyst', json });
    expect([again.status, again.body['parameters']]).toEqual([202, { script }]);
    expect(await waitForEnd(String(again.body['id']))).toMatchObject({ state: 'succeeded' });
  });
});

describe('a Python file', () => {
  it('reads what its caller put, and writes what is asked for', async () => {
    const table = await upload('birds.csv', 'name,count\nowl,1\ngull,2\n');
    const ended = await runToEnd(
      'etl.py',
      `birds = spark.read.option("header", True).csv("${table}")
many = birds.where("count > 1").coalesce(1)
many.write.option("header", True).csv(output + "many")
`,
    );
    expect(ended).toMatchObject({ state: 'succeeded' });
    const job = String(ended['id']);
    const result = await callApi(`/jobs/${job}/result`, { as: 'analyst' });
    const paths = (result.body['files'] as readonly { path: string }[]).map((file) => file.path);
    const [path = ''] = paths.filter((each) => each.endsWith('.csv'));
    expect((await download(job, path)).toString()).toBe('name,count\ngull,2\n');
  });

  it('that fails says where, and nothing of what runs it', async () => {
    const ended = await runToEnd('etl.py', 'rows = spark.range(3)\nrows.select("missing")\n');
    expect(ended).toMatchObject({ state: 'failed', error: { class: 'user_code' } });
    expect(lastLine(ended)).toMatch(/^etl\.py, line 2: .*AnalysisException: \[UNRESOLVED_COLUMN/);
  });

  it('is not run when it is not what was announced', async () => {
    const said = announce('etl.py', 'print("harmless")\n');
    const real = announce('etl.py', 'print("harmful!")\n');
    const ticket = await getTicket({ ...said, md5: real.md5 });
    expect((await put(ticket, 'print("harmful!")\n')).status).toBe(200);
    const ended = await waitForEnd(String((await runScript(ticket.uri)).body['id']));
    expect(ended).toMatchObject({ state: 'failed' });
    expect(lastLine(ended)).toBe(
      `etl.py is not what was announced: its SHA-256 is ${real.sha256}, and its URI says ${said.sha256}`,
    );
  });

  it('is not there when nobody put it', async () => {
    const { uri } = await getTicket(announce('etl.py', 'print(1)\n'));
    const ended = await waitForEnd(String((await runScript(uri)).body['id']));
    expect(lastLine(ended)).toBe(`there is no file ${uri}; put it first, then submit`);
  });
});

describe('a link to put a file', () => {
  it('takes the announced content alone, and once', async () => {
    const ticket = await getTicket(announce('etl.py', 'print(1)\n'));
    expect((await put(ticket, 'print(2)\n')).status).toBe(400);
    expect((await put(ticket, 'print(1)\nprint(2)\n')).status).toBe(400);
    expect((await put(ticket, 'print(1)\n')).status).toBe(200);
    expect((await put(ticket, 'print(1)\n')).status).toBe(412);
    const free = { ...ticket, headers: { ...ticket.headers, 'content-type': 'text/html' } };
    expect((await put(free, 'print(1)\n')).status).toBe(403);
    const other = { ...ticket, url: ticket.url.replace('etl.py', 'xyz.py') };
    expect((await put(other, 'print(1)\n')).status).toBe(403);
    expect(Date.parse(ticket.expiresAt) - Date.now()).toBeLessThanOrEqual(300_000);
  });

  it('of a script that is too large is taken, and the script refused before it is a job', async () => {
    const { uri } = await getTicket(announce('long.py', '#'.repeat(1024 * 1024 + 1)));
    const { status, body } = await runScript(uri);
    expect([status, body['code'], body['errors']]).toEqual([
      422,
      'validation_failed',
      [
        {
          pointer: '/parameters/script',
          message: 'must be a file of at most 1048576 bytes: this one has 1048577',
        },
      ],
    ]);
  });

  it('is for those who may run something', async () => {
    const json = announce('etl.py', 'print(1)\n');
    const outsider = await callApi('/uploads', { as: 'outsider', json });
    expect([outsider.status, outsider.body['code']]).toEqual([403, 'template_forbidden']);
    const viewer = await callApi('/uploads', { as: 'viewer', json });
    expect([viewer.status, viewer.body['code']]).toEqual([403, 'insufficient_scope']);
    expect((await callApi('/uploads', { json })).status).toBe(401);
  });
});

describe('run-script', () => {
  it('takes nobody else’s file, and nothing but files that callers put', async () => {
    const others = await upload('etl.py', 'print(1)\n', 'admin');
    const [area] = /^gs:\/\/jobgate-uploads\/uploads\/[a-z2-7]{26}\//.exec(
      await upload('own.py', 'print(1)\n'),
    ) ?? [''];
    const digest = '0'.repeat(64);
    for (const script of [
      others,
      `${area}../${others.split('/uploads/')[1] ?? ''}`,
      `gs://jobgate-data/${'a'.repeat(26)}/${digest}/etl.py`,
      'gs://jobgate-staging/templates/preprocess/preprocess.py',
    ]) {
      const { status, body } = await runScript(script);
      expect([status, body['code']]).toEqual([422, 'validation_failed']);
      expect(body['errors']).toEqual([
        {
          pointer: '/parameters/script',
          message: `must be a file of your own: POST /v1/uploads gives its URI, which begins with ${area}`,
        },
      ]);
    }
  });

  it('is planned with its low cap', async () => {
    const script = await upload('etl.py', 'print(1)\n');
    const json = { template: 'run-script', parameters: { script } };
    const { status, body } = await callApi('/plans', { as: 'analyst', json });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: { starts: true },
      request: { runtimeAccount: 'jg-run-run-script', maxRuntimeSeconds: 900 },
      cost: { maxCost: { amount: '0.50', currency: 'USD' } },
    });
  });
});

describe('any template that takes a file', () => {
  it('takes one of the caller’s own', async () => {
    const input = await upload(
      'birds.csv',
      readFileSync(
        join(import.meta.dirname, '../../node_modules/vega-datasets/data/birdstrikes.csv'),
        'utf8',
      ),
    );
    const json = { template: 'preprocess', parameters: { input } };
    const { status, body } = await callApi('/jobs', { as: 'analyst', json });
    expect(status).toBe(202);
    expect(await waitForEnd(String(body['id']))).toMatchObject({ state: 'succeeded' });
  });

  it('refuses another caller’s', async () => {
    const input = await upload('birds.csv', 'a,b\n', 'admin');
    const json = { template: 'preprocess', parameters: { input } };
    const { status, body } = await callApi('/jobs', { as: 'analyst', json });
    expect([status, body['code']]).toEqual([422, 'validation_failed']);
    expect(body['errors']).toMatchObject([{ pointer: '/parameters/input' }]);
  });
});
