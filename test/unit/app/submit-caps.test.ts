import { describe, expect, it } from 'vitest';
import type { JobState } from '../../../shared/jobs/job.ts';
import type { Template } from '../../../shared/templates/template.ts';
import { ADMIN, OUTSIDER } from '../../support/callers.ts';
import { makeRecord } from '../../support/job-records.ts';
import { postTo, type Posted, type PostOptions } from '../../support/posting.ts';
import { createSubmitBench, type SubmitBench } from '../../support/submit-bench.ts';
import { TIDY } from '../../support/templates.ts';

const BODY = { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } };
const usd = (amount: string) => ({ amount, currency: 'USD' });

function post(bench: SubmitBench, changes: object = {}, options?: PostOptions): Promise<Posted> {
  return postTo(bench.handler, { ...BODY, ...changes }, options);
}

describe('the cost of a submission', () => {
  it('is estimated, capped by the template, shown, recorded and logged', async () => {
    const bench = createSubmitBench();
    const { status, body } = await post(bench);
    expect(status).toBe(202);
    expect(body).toMatchObject({
      maxRuntimeSeconds: 1800,
      cost: {
        currency: 'USD',
        estimate: { low: '0.0131', high: '1.451' },
        maxCost: usd('5.00'),
        accrued: { amount: '0.00', basis: 'upper_bound', asOf: '2026-01-15T12:00:00.000Z' },
        prices: {
          asOf: '2026-11-21',
          source: 'https://cloud.google.com/dataproc-serverless/pricing',
          listed: true,
        },
      },
    });
    expect(bench.recorder.entries()[0]).toMatchObject({
      message: 'recorded',
      maxRuntimeSeconds: 1800,
      maxCost: '5.00',
      estimatedCost: '1.451',
      currency: 'USD',
    });
  });

  it('becomes the batch’s own time to live, so that the cap holds without anybody watching', async () => {
    const bench = createSubmitBench();
    const { body } = await post(bench, { maxCost: usd('0.60') });
    expect(body).toMatchObject({ maxRuntimeSeconds: 744, cost: { maxCost: usd('0.60') } });
    expect(bench.gateway.submissions).toMatchObject([{ maxRuntimeSeconds: 744 }]);
  });

  it('is of as many executors as are sent', async () => {
    const bench = createSubmitBench();
    await post(bench);
    expect(bench.gateway.submissions[0]?.program.properties).toMatchObject({
      'spark.executor.instances': '2',
      'spark.dynamicAllocation.maxExecutors': '10',
    });
  });

  it.each([
    ['above the template’s', usd('5.01'), '/maxCost/amount', 'must be <= 5.00'],
    ['of another currency', { amount: '1', currency: 'EUR' }, '/maxCost/currency', 'must be USD'],
    ['that Dataproc could not keep', usd('0.48'), '/maxCost/amount', 'must be >= 0.49'],
    [
      'that is no amount',
      usd('-1'),
      '/maxCost/amount',
      'must match pattern "^\\d{1,9}(\\.\\d{1,2})?$"',
    ],
  ])('is refused a cap %s', async (_name, maxCost, pointer, message) => {
    const bench = createSubmitBench();
    const { status, body } = await post(bench, { maxCost });
    expect([status, body['code']]).toEqual([422, 'validation_failed']);
    expect(body['errors']).toEqual([{ pointer, message }]);
    expect([bench.records.all(), bench.gateway.submissions]).toEqual([[], []]);
  });

  it('says why a cap is too low', async () => {
    const { body } = await post(createSubmitBench(), { maxCost: usd('0.10') });
    expect(body['detail']).toBe(
      'Dataproc ends no batch before 10 minutes, in which tidy may cost up to 0.49 USD: a lower cap could not be kept.',
    );
  });

  it('is capped by the rule that admits the caller', async () => {
    const rule = { groups: ['analysts'], limits: { maxCost: usd('0.60') } };
    const bench = createSubmitBench([{ ...TIDY, allow: [rule] }]);
    expect((await post(bench)).body).toMatchObject({ maxRuntimeSeconds: 744 });
    const higher = await post(bench, { maxCost: usd('0.61') });
    expect(higher.body['errors']).toEqual([
      { pointer: '/maxCost/amount', message: 'must be <= 0.60' },
    ]);
  });
});

describe('an ended job that is run again', () => {
  const ended = (state: JobState, changes: object = {}) =>
    makeRecord({
      state,
      parameters: { input: 'gs://inputs/open/old.csv', mode: 'full', limit: 7, note: 'n' },
      labels: { team: 'blue' },
      ...changes,
    });

  it.each(['failed', 'succeeded', 'cancelled'] as const)(
    'is a new job with the parameters and labels of the %s one, which it names',
    async (state) => {
      const bench = createSubmitBench();
      const before = ended(state);
      bench.records.seed(before);
      const { status, body } = await postTo(bench.handler, {
        template: 'tidy',
        retryOf: before.id,
      });
      expect(status).toBe(202);
      expect(body).toMatchObject({
        retryOf: before.id,
        parameters: before.parameters,
        labels: { team: 'blue' },
      });
      expect(body['id']).not.toBe(before.id);
      expect(bench.gateway.submissions[0]?.program).toMatchObject({
        args: expect.arrayContaining(['gs://inputs/open/old.csv']) as string[],
      });
    },
  );

  it('takes parameters and labels that are sent in place of its own', async () => {
    const bench = createSubmitBench();
    const before = ended('failed');
    bench.records.seed(before);
    const { body } = await post(bench, { retryOf: before.id, labels: {} });
    expect(body).toMatchObject({
      retryOf: before.id,
      parameters: { input: 'gs://inputs/open/a.csv', limit: 10 },
      labels: {},
    });
  });

  it('is held to the template as it is now', async () => {
    const bench = createSubmitBench();
    const before = ended('failed', { parameters: { input: 'gs://inputs/open/a.csv', gone: 1 } });
    bench.records.seed(before);
    const { body } = await postTo(bench.handler, { template: 'tidy', retryOf: before.id });
    expect(body).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/parameters/gone', message: 'is not known here' }],
    });
  });

  it('must have ended', async () => {
    const bench = createSubmitBench();
    const running = ended('running');
    bench.records.seed(running);
    const { status, body } = await post(bench, { retryOf: running.id });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'job_not_finished', job: running.id });
    expect(bench.gateway.submissions).toEqual([]);
  });

  it('must be of the same template', async () => {
    const other: Template = { ...TIDY, name: 'other' as Template['name'] };
    const bench = createSubmitBench([TIDY, other]);
    const before = ended('failed', { template: 'other' });
    bench.records.seed(before);
    const { status, body } = await post(bench, { retryOf: before.id });
    expect([status, body['code']]).toEqual([422, 'validation_failed']);
    expect(body['errors']).toEqual([
      { pointer: '/retryOf', message: 'must be a job of tidy: this one is of other' },
    ]);
  });

  it('is somebody else’s business, who is told of no such job, but an administrator’s', async () => {
    const bench = createSubmitBench([{ ...TIDY, allow: [{ issuers: ['test'] }] }]);
    const before = ended('failed');
    bench.records.seed(before);
    const stranger = await post(bench, { retryOf: before.id }, { caller: OUTSIDER });
    expect([stranger.status, stranger.body['code']]).toEqual([404, 'job_not_found']);
    expect(bench.audited).toMatchObject([{ decision: 'deny', code: 'job_not_found' }]);
    const unknown = await post(bench, { retryOf: makeRecord().id });
    expect(unknown.body['code']).toBe('job_not_found');
    const scopes = [...ADMIN.scopes, 'jobs:submit'];
    const admin = await post(bench, { retryOf: before.id }, { caller: { ...ADMIN, scopes } });
    expect(admin.status).toBe(202);
  });

  it('is found again under its key, though it has become a failed one', async () => {
    const bench = createSubmitBench();
    const before = ended('failed');
    bench.records.seed(before);
    const first = await post(bench, { retryOf: before.id }, { key: 'key-1' });
    const stored = bench.records.all().find(({ id }) => id === first.body['id']);
    bench.records.seed({ ...(stored ?? before), state: 'failed' });
    const again = await post(bench, { retryOf: before.id }, { key: 'key-1' });
    expect([again.status, again.body['id'], again.body['state']]).toEqual([
      200,
      first.body['id'],
      'failed',
    ]);
  });
});
