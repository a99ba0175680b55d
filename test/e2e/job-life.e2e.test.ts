import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi, getStack, SAMPLE_BODY, waitForEnd, type Answer } from '../support/api.ts';

describe('a job from POST to result', () => {
  let posted: Answer;
  let job: string;
  let ended: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    posted = await callApi('/jobs', {
      as: 'analyst',
      json: { ...SAMPLE_BODY, labels: { team: 'e2e' } },
      headers: { 'idempotency-key': randomUUID(), 'x-correlation-id': 'E2E-life-0001' },
    });
    job = String(posted.body['id']);
    ended = await waitForEnd(job);
  });

  it('is accepted with 202, its location and its correlation id', () => {
    expect(posted.status).toBe(202);
    expect(posted.headers.get('location')).toMatch(new RegExp(`/v1/jobs/${job}$`));
    expect(posted.headers.get('x-correlation-id')).toBe('e2e-life-0001');
    expect(posted.body).toMatchObject({
      template: 'preprocess',
      state: 'queued',
      submittedBy: { subject: 'analyst', client: 'analyst', actor: null },
      labels: { team: 'e2e' },
      correlationId: 'e2e-life-0001',
    });
    expect(job).toMatch(/^jg-[a-z2-7]{26}$/);
  });

  it('carries its id and its correlation id into the configuration of Spark', async () => {
    const url = new URL('/_local/requests/log?rpc=CreateBatch', getStack().dataproc);
    const { requests } = (await (await fetch(url)).json()) as {
      readonly requests: readonly { readonly request: { readonly batchId: string } }[];
    };
    const sent = requests.map(({ request }) => request).find(({ batchId }) => batchId === job);
    expect(sent).toMatchObject({
      batch: {
        labels: { 'jg-correlation': 'c-e2e-life-0001' },
        runtimeConfig: {
          properties: {
            'spark.jobgate.job': job,
            'spark.jobgate.correlation': 'e2e-life-0001',
          },
        },
      },
    });
  });

  it('succeeds under the template’s own account, with a history in order', () => {
    expect(ended).toMatchObject({
      state: 'succeeded',
      error: null,
      runtimeAccount: 'jg-run-preprocess@local.iam.gserviceaccount.com',
    });
    const states = (ended['history'] as readonly { state: string }[]).map((entry) => entry.state);
    expect(states).toEqual(['queued', 'running', 'succeeded']);
  });

  it('has a driver log that pages of any size put together again', async () => {
    const whole = await callApi(`/jobs/${job}/logs`, { as: 'analyst' });
    expect(whole.body).toMatchObject({ job, cursor: 0, end: true });
    let [content, cursor, end] = ['', 0, false];
    while (!end) {
      const page = await callApi(`/jobs/${job}/logs?cursor=${cursor}&limit=1024`, {
        as: 'analyst',
      });
      content += String(page.body['content']);
      cursor = Number(page.body['next']);
      end = page.body['end'] === true;
    }
    expect(content).toBe(whole.body['content']);
    expect(content).toContain('10,000 rows');
  });

  it('has a manifest whose files are read through links of at most five minutes', async () => {
    const result = await callApi(`/jobs/${job}/result`, { as: 'analyst' });
    expect(result.status).toBe(200);
    const files = result.body['files'] as readonly { path: string; bytes: number; href: string }[];
    const report = files.find((file) => file.path === 'report.json');
    expect(files.map((file) => file.path)).toContainEqual(
      expect.stringMatching(/^data\/year=1999\/.+\.parquet$/),
    );
    const link = await callApi(`/jobs/${job}/files/report.json`, { as: 'analyst' });
    expect(link.status).toBe(303);
    const url = new URL(link.headers.get('location') ?? '');
    expect(Number(url.searchParams.get('X-Goog-Expires'))).toBe(300);
    const content = await (await fetch(url)).text();
    expect(content.length).toBe(report?.bytes);
    expect(JSON.parse(content)).toMatchObject({ rowsIn: 10_000, dataset: 'faa-bird-strikes' });
  });

  it('gives a file in a partition by its path as listed', async () => {
    const result = await callApi(`/jobs/${job}/result`, { as: 'analyst' });
    const files = result.body['files'] as readonly { path: string; bytes: number; href: string }[];
    const parquet = files.find((file) => file.path.endsWith('.parquet'));
    const path = (parquet?.href ?? '').split('/v1')[1] ?? '';
    const link = await callApi(path, { as: 'analyst' });
    expect(link.status).toBe(303);
    const bytes = await (await fetch(link.headers.get('location') ?? '')).arrayBuffer();
    expect(bytes.byteLength).toBe(parquet?.bytes);
    expect(Buffer.from(bytes).subarray(0, 4).toString()).toBe('PAR1');
  });

  it('answers 404 for a file that the job did not write', async () => {
    const { status, body } = await callApi(`/jobs/${job}/files/secret.txt`, { as: 'analyst' });
    expect([status, body['code']]).toEqual([404, 'file_not_found']);
  });

  it.each(['', '/logs', '/result', '/files/report.json'])(
    'does not exist for another caller at …%s',
    async (suffix) => {
      const { status, body } = await callApi(`/jobs/${job}${suffix}`, { as: 'outsider' });
      expect([status, body['code']]).toEqual([404, 'job_not_found']);
    },
  );

  it('is seen by an administrator, whose data access rests on data:read and the template', async () => {
    expect((await callApi(`/jobs/${job}`, { as: 'admin' })).status).toBe(200);
    expect((await callApi(`/jobs/${job}/logs`, { as: 'admin' })).status).toBe(200);
  });
});

describe('a driver that fails', () => {
  it('ends the job as failed with the exception and leaves its log', async () => {
    const input = 'gs://jobgate-data/samples/there-is-no-such-file.csv';
    const posted = await callApi('/jobs', {
      as: 'analyst',
      json: { ...SAMPLE_BODY, parameters: { ...SAMPLE_BODY.parameters, input } },
    });
    const ended = await waitForEnd(String(posted.body['id']));
    expect(ended).toMatchObject({
      state: 'failed',
      reason: 'driver_failed',
      error: { class: 'user_code', code: 'driver_failed', retryable: false },
    });
    expect((ended['error'] as { message: string }).message).toMatch(
      /^PreprocessError: .*there-is-no-such-file/,
    );
    const tail = (ended['error'] as { logTail: readonly string[] }).logTail;
    expect(tail.at(-1)).toMatch(/PreprocessError: .*there-is-no-such-file/);
    const log = await callApi(`/jobs/${String(posted.body['id'])}/logs`, { as: 'analyst' });
    expect(log.body).toMatchObject({ end: true });
    expect(log.body['content']).toMatch(/PreprocessError/);
    const result = await callApi(`/jobs/${String(posted.body['id'])}/result`, { as: 'analyst' });
    expect([result.status, result.body['code']]).toEqual([409, 'job_not_succeeded']);
  });
});
