import { describe, expect, it } from 'vitest';
import { parseSwitches } from '../../../shared/policy/switches-document.ts';
import { createEntry } from '../../../shared/app/switches.ts';
import { Problem } from '../../../shared/problem.ts';
import { OUTSIDER } from '../../support/callers.ts';
import { makeRecord } from '../../support/job-records.ts';
import { postTo, type Posted, type PostOptions } from '../../support/posting.ts';
import { createSubmitBench, type SubmitBench } from '../../support/submit-bench.ts';
import { TIDY } from '../../support/templates.ts';

const BODY = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };

function plan(bench: SubmitBench, body: unknown = BODY, options?: PostOptions): Promise<Posted> {
  return postTo(bench.planHandler, body, options);
}

const STARTS = { starts: true, status: 202, code: null, detail: null, replays: null };

function submit(bench: SubmitBench, changes: object = {}): Promise<Posted> {
  return postTo(bench.handler, { ...BODY, ...changes });
}

describe('create-plan', () => {
  it('answers what would happen, by which rule, what would be sent, its cost and how near the limits are', async () => {
    const bench = createSubmitBench();
    await submit(bench);
    const { status, headers, body } = await plan(bench, { ...BODY, labels: { team: 'blue' } });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      verdict: { starts: true, status: 202, code: null, detail: null, replays: null },
      valid: { valid: true, errors: [] },
      permission: { allowed: true, rule: 'tidy.allow[0]', missing: [] },
      template: { name: 'tidy', version: '1.2.0', digest: TIDY.digest },
      parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
      retryOf: null,
      request: {
        target: { name: 'analytics', project: 'acme', region: 'us-central1' },
        program: {
          kind: 'pyspark',
          mainUri: `gs://stage/templates/tidy/${'0123456789abcdef'.repeat(4)}/tidy.py`,
          pyFileUris: [`gs://stage/templates/tidy/${'0123456789abcdef'.repeat(4)}/rules.py`],
          args: [
            '--input',
            'gs://inputs/open/a.csv',
            '--note',
            '',
            '--limit',
            '10',
            '--output',
            'gs://results/tidy/{job}/',
          ],
          properties: {
            'spark.executor.instances': '2',
            'spark.dynamicAllocation.maxExecutors': '10',
            'spark.jobgate.job': '{job}',
            'spark.jobgate.correlation': '{correlation}',
          },
          outputUri: 'gs://results/tidy/{job}/',
        },
        submitterAccount: 'jg-submit-tidy',
        runtimeAccount: 'jg-run-tidy',
        maxRuntimeSeconds: 1800,
        labels: {
          team: 'blue',
          jobgate: 'v1',
          'jg-deployment': 'jobgate-prod',
          'jg-caller': 'c-96a3dc2fa75d03dcab7c70c9dbdf1444',
          'jg-template': 'tidy',
          'jg-version': 'v1-2-0',
          'jg-correlation': 'c-{correlation}',
          'jg-request': 'r-{request}',
        },
      },
      cost: {
        currency: 'USD',
        estimate: { low: '0.0131', high: '1.451' },
        maxCost: { amount: '5.00', currency: 'USD' },
        maxRuntimeSeconds: 1800,
        basis: {
          region: 'us-central1',
          listed: true,
          dcuHourMicros: 60_000,
          shuffleGbMonthMicros: 40_000,
          pricesAsOf: '2026-11-21',
          pricesSource: 'https://cloud.google.com/dataproc-serverless/pricing',
          least: { milliDcu: 12_000, shuffleGb: 1_200 },
          most: { milliDcu: 44_000, shuffleGb: 4_400 },
        },
      },
      limits: [
        {
          name: 'runs-per-day',
          most: 50,
          used: 1,
          left: 49,
          resetsAt: '2026-01-16T00:00:00.000Z',
        },
        { name: 'concurrent-per-caller', most: 2, used: 1, left: 1, resetsAt: null },
        { name: 'concurrent-per-template', most: 10, used: 1, left: 9, resetsAt: null },
      ],
      templateVersion: '1.2.0',
      planDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('starts, writes and records nothing', async () => {
    const bench = createSubmitBench();
    await plan(bench);
    expect([bench.records.all(), bench.gateway.submissions, bench.gateway.looks]).toEqual([
      [],
      [],
      [],
    ]);
    expect(bench.audited).toEqual([]);
  });

  it('tells one whom no rule admits which came closest and what is missing, and records the refusal', async () => {
    const bench = createSubmitBench();
    const { status, body } = await plan(bench, BODY, { caller: OUTSIDER });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: {
        starts: false,
        status: 403,
        code: 'template_forbidden',
        detail: 'You are otto; running tidy needs group analysts. Ask data@example.com.',
      },
      permission: { allowed: false, rule: 'tidy.allow[0]', missing: ['group analysts'] },
      valid: null,
      request: null,
      cost: null,
      limits: null,
      planDigest: null,
    });
    expect(bench.audited).toMatchObject([
      { action: 'create-plan', decision: 'deny', code: 'template_forbidden', caller: 'otto' },
    ]);
  });

  it.each<readonly [string, unknown, number, string, readonly string[]]>([
    ['an unknown member', { ...BODY, force: 1 }, 422, 'validation_failed', ['/force']],
    [
      'wrong parameters',
      { template: 'tidy', parameters: { limit: 'x' } },
      422,
      'validation_failed',
      ['/parameters/input', '/parameters/limit'],
    ],
    [
      'a cap that is too low',
      { ...BODY, maxCost: { amount: '0.01', currency: 'USD' } },
      422,
      'validation_failed',
      ['/maxCost/amount'],
    ],
  ])('points at the faults of %s', async (_name, body, status, code, pointers) => {
    const answer = await plan(createSubmitBench(), body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      verdict: { starts: false, status, code },
      valid: { valid: false, errors: pointers.map((pointer) => ({ pointer })) },
    });
  });

  it('says of an unknown template that there is none', async () => {
    const { status, body } = await plan(createSubmitBench(), { template: 'other' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: { starts: false, status: 404, code: 'template_not_found' },
      permission: null,
      template: null,
    });
  });

  it('says that a limit is reached, and what would be sent all the same', async () => {
    const bench = createSubmitBench();
    await submit(bench);
    await submit(bench);
    const { body } = await plan(bench);
    expect(body).toMatchObject({
      verdict: { starts: false, status: 429, code: 'limit_reached' },
      valid: { valid: true },
      request: { maxRuntimeSeconds: 1800 },
      limits: [{}, { name: 'concurrent-per-caller', left: 0 }, {}],
    });
  });

  it('says that new jobs are paused', async () => {
    const paused = parseSwitches('{"admission":{"open":false,"reason":"Moving."}}');
    const bench = createSubmitBench([TIDY], createEntry(() => Promise.resolve(paused)).admitJob);
    expect((await plan(bench)).body).toMatchObject({
      verdict: { starts: false, status: 503, code: 'submissions_paused' },
    });
  });

  it.each([
    [[], 400, 'invalid_json'],
    ['text', 400, 'invalid_json'],
    [{ a: 'x'.repeat(65_536) }, 413, 'payload_too_large'],
  ])('refuses what is no request at all', async (body, status, code) => {
    const answer = await plan(createSubmitBench(), body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('has no verdict while the counters cannot be read', async () => {
    const bench = createSubmitBench();
    bench.records.findUsage = () =>
      Promise.reject(new Problem('upstream_unavailable', 'DynamoDB cannot be reached.'));
    const answer = await plan(bench);
    expect([answer.status, answer.body['code']]).toEqual([503, 'upstream_unavailable']);
  });
});

describe('a plan’s digest', () => {
  async function planned(bench: SubmitBench, body: unknown = BODY): Promise<object> {
    const { planDigest, templateVersion } = (await plan(bench, body)).body;
    return { planDigest, templateVersion };
  }

  it('lets the very run start that was planned, whatever the order of its members', async () => {
    const bench = createSubmitBench();
    const body = { ...BODY, labels: { b: 'x', a: 'y' }, maxRuntimeSeconds: 900 };
    const digest = await planned(bench, body);
    const { parameters, template } = BODY;
    const sent = { maxRuntimeSeconds: 900, labels: { a: 'y', b: 'x' }, parameters, template };
    expect((await postTo(bench.handler, { ...digest, ...sent })).status).toBe(202);
  });

  it.each<readonly [string, object]>([
    ['another parameter', { parameters: { input: 'gs://inputs/open/b.csv' } }],
    ['another label', { labels: { team: 'red' } }],
    ['another length', { maxRuntimeSeconds: 901 }],
    ['another cap', { maxCost: { amount: '4.99', currency: 'USD' } }],
  ])('holds a request with %s off, and says what is different', async (_name, changes) => {
    const bench = createSubmitBench();
    const { planDigest } = (await plan(bench)).body;
    const now = (await plan(bench, { ...BODY, ...changes })).body['planDigest'];
    const answer = await submit(bench, { ...changes, planDigest });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      code: 'template_changed',
      changed: {
        planDigest: { sent: planDigest, now },
        templateVersion: { sent: null, now: '1.2.0' },
      },
    });
    expect(bench.gateway.submissions).toEqual([]);
  });

  it.each<readonly [string, object]>([
    ['its files', { digest: `sha256:${'f'.repeat(64)}` }],
    ['its size', { program: { ...TIDY.program, properties: { 'spark.driver.cores': '8' } } }],
    ['its limits', { limits: { ...TIDY.limits, maxRuntimeSeconds: 1200 } }],
    ['its account', { runtimeAccount: 'jg-run-other' }],
  ])('is another once the template has changed %s', async (_name, changes) => {
    const catalog = [TIDY];
    const bench = createSubmitBench(catalog);
    const digest = await planned(bench);
    catalog[0] = { ...TIDY, ...changes };
    const answer = await submit(bench, digest);
    expect([answer.status, answer.body['code']]).toEqual([409, 'template_changed']);
  });

  it('names the version that is there instead of the one that was planned', async () => {
    const catalog = [TIDY];
    const bench = createSubmitBench(catalog);
    const digest = await planned(bench);
    catalog[0] = { ...TIDY, version: '2.0.0' };
    const { body } = await submit(bench, digest);
    expect(body['changed']).toEqual({ templateVersion: { sent: '1.2.0', now: '2.0.0' } });
  });

  it('covers the job that is run again', async () => {
    const bench = createSubmitBench();
    const before = makeRecord({ state: 'failed' });
    bench.records.seed(before);
    const first = await planned(bench, { ...BODY, retryOf: before.id });
    expect((await submit(bench, first)).status).toBe(409);
    expect((await submit(bench, { ...first, retryOf: before.id })).status).toBe(202);
  });
});

describe('create-plan with an Idempotency-Key', () => {
  const TIGHT = { ...TIDY, limits: { ...TIDY.limits, maxRunsPerDay: 1 } };

  it('says that the same request would show its job, whatever the limits are by then', async () => {
    const bench = createSubmitBench([TIGHT]);
    const { body: job } = await postTo(bench.handler, BODY, { key: 'one' });
    const { body } = await plan(bench, BODY, { key: 'one' });
    const replays = { starts: false, status: 200, code: null, detail: null, replays: job['id'] };
    expect(body).toMatchObject({ verdict: replays, limits: null });
    expect(await postTo(bench.handler, BODY, { key: 'one' })).toMatchObject({
      status: 200,
      body: { id: job['id'] },
    });
    const another = await plan(bench, BODY, { key: 'two' });
    expect(another.body).toMatchObject({ verdict: { status: 429, code: 'limit_reached' } });
  });

  it('says so too of a request that would be refused today', async () => {
    let open = true;
    const bench = createSubmitBench([TIDY], () =>
      open ? Promise.resolve() : Promise.reject(new Problem('submissions_paused', 'Until Monday.')),
    );
    const { body: job } = await postTo(bench.handler, BODY, { key: 'one' });
    open = false;
    const { body } = await plan(bench, BODY, { key: 'one' });
    expect(body).toMatchObject({ verdict: { status: 200, replays: job['id'] }, planDigest: null });
    const another = await plan(bench, BODY, { key: 'two' });
    expect(another.body).toMatchObject({ verdict: { status: 503, code: 'submissions_paused' } });
  });

  it('says that another body under the key would be refused', async () => {
    const bench = createSubmitBench();
    await postTo(bench.handler, BODY, { key: 'one' });
    const { body } = await plan(bench, { ...BODY, labels: { team: 'blue' } }, { key: 'one' });
    expect(body).toMatchObject({
      verdict: { starts: false, status: 422, code: 'idempotency_key_reused', replays: null },
    });
  });

  it('says that a new key starts a job, and that a malformed one is refused', async () => {
    const bench = createSubmitBench();
    expect((await plan(bench, BODY, { key: 'new' })).body).toMatchObject({ verdict: STARTS });
    expect((await plan(bench, BODY, { key: 'a key' })).body).toMatchObject({
      verdict: { starts: false, status: 400, code: 'invalid_request', replays: null },
    });
  });
});
