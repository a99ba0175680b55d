import { beforeAll, describe, expect, it } from 'vitest';
import { parseJobId, type JobId } from '../../shared/jobs/job.ts';
import { toEventRecord } from '../../shared/jobs/unasked.ts';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';
import { makeEvent } from '../support/job-events.ts';
import { putAuditRecords } from '../support/log-groups.ts';
import { aboutJob, getSucceededJob } from '../support/succeeded-job.ts';

function toJobId(text: string): JobId {
  const id = parseJobId(text);
  if (id === undefined) throw new Error(`${text} is no job's id`);
  return id;
}

type Items = readonly Readonly<Record<string, unknown>>[];

describe('get-job-audit', () => {
  let getJobAudit: DeployedFunction;
  let job: string;

  beforeAll(async () => {
    getJobAudit = await loadFunction('get-job-audit');
    // A job of its own: other tests take the audit's log group away, with what it held.
    job = await getSucceededJob('audit-tests');
  });

  async function call(query: Readonly<Record<string, string>> | null = null) {
    const changes = aboutJob('get-job-audit', job);
    return getJobAudit.call('get-job-audit', { ...changes, queryStringParameters: query });
  }

  it('tells who submitted the job by which rule, and what states it went through', async () => {
    const { status, headers, body } = await call();
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({ job, history: expect.any(Array) as unknown });
    const history = body['history'] as Items;
    expect(history.map(({ state }) => state)).toEqual(['queued', 'running', 'succeeded']);
    const [first] = body['items'] as Items;
    expect(first).toMatchObject({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      action: 'submit-job',
      decision: 'allow',
      rule: 'preprocess.allow[0]',
      caller: { subject: 'analyst', client: 'analyst', actor: null },
      requestId: expect.any(String) as string,
      correlationId: expect.any(String) as string,
      replayed: false,
    });
    expect(first).not.toHaveProperty('tokenId');
    expect(first).not.toHaveProperty('sourceIp');
  });

  it('pages: each record once, in order, with a link to the next page', async () => {
    await call();
    await call();
    const ids: unknown[] = [];
    const times: string[] = [];
    let page = await call({ limit: '1' });
    for (let turn = 0; turn < 100; turn += 1) {
      const items = page.body['items'] as Items;
      expect(items.length).toBeLessThanOrEqual(1);
      ids.push(...items.map(({ id }) => id));
      times.push(...items.map(({ at }) => String(at)));
      const { next } = page.body;
      if (typeof next !== 'string') break;
      expect(page.headers['link']).toBe(
        `<${process.env['JOBGATE_PUBLIC_URL'] ?? ''}/v1/jobs/${job}/audit?limit=1&next=${next}>; rel="next"`,
      );
      page = await call({ limit: '1', next });
    }
    expect(ids.length).toBeGreaterThanOrEqual(3);
    expect(new Set(ids).size).toBe(ids.length);
    expect(times).toEqual([...times].sort());
  });

  it('tells once what became of the job without a request, however often it was recorded', async () => {
    const at = new Date().toISOString();
    const event = makeEvent({ id: toJobId(job), state: 'succeeded' }, { at });
    await putAuditRecords([toEventRecord(event, 'sweep-1'), toEventRecord(event, 'sweep-2')]);
    const { body } = await call({ limit: '100' });
    const told = (body['items'] as Items).filter(({ action }) => action === 'job.succeeded');
    expect(told).toMatchObject([
      {
        at,
        id: `${job}:succeeded`,
        decision: 'event',
        rule: 'observed',
        caller: { subject: 'ana' },
      },
    ]);
  });

  it('answers 404 for a job that nobody submitted', async () => {
    const { status, body } = await getJobAudit.call('get-job-audit');
    expect([status, body['code']]).toEqual([404, 'job_not_found']);
  });

  it.each([[{ next: 'nonsense' }], [{ limit: '0' }], [{ limit: '101' }], [{ limit: 'all' }]])(
    'refuses the query %j',
    async (query) => {
      const { status, body } = await call(query);
      expect([status, body['code']]).toEqual([400, 'invalid_request']);
    },
  );

  it('refuses the bad cursor of its sample event', async () => {
    const event = 'get-job-audit.bad-cursor';
    const { status, body } = await getJobAudit.call(event, aboutJob(event, job));
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
  });
});
