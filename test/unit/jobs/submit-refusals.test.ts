import { describe, expect, it } from 'vitest';
import { Problem } from '../../../shared/problem.ts';
import {
  createSubmitting,
  failExpected,
  JOB,
  REFUSED,
  TIMEOUT,
  type Submitting,
} from '../../support/submitting.ts';

describe('a batch that has the id already', () => {
  const labels = { jobgate: 'v1', 'jg-request': 'r-somebody-else' };

  async function plant(bench: Submitting, changes: object): Promise<void> {
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    bench.gateway.change(JOB, changes);
  }

  it('is refused when its labels name another record, and ends the job as failed', async () => {
    const bench = createSubmitting();
    await plant(bench, { labels });
    const problem = await bench.refuse();
    expect(problem).toMatchObject({ code: 'upstream_refused', extras: { job: JOB } });
    expect(problem.detail).toBe(
      'Another job has this id in Dataproc; it is not Jobgate’s. The job is recorded as failed. Once the cause is mended, send it with a new Idempotency-Key.',
    );
    expect(bench.stored()).toMatchObject({ state: 'failed', reason: 'submission_refused' });
  });

  it('is refused without any labels', async () => {
    const bench = createSubmitting();
    await plant(bench, { labels: {} });
    expect((await bench.refuse()).code).toBe('upstream_refused');
  });

  it('leaves the record open when it cannot be found', async () => {
    const bench = createSubmitting();
    await bench.submit();
    const record = { ...(bench.stored() ?? failExpected()), state: 'submitting' as const };
    bench.records.seed(record);
    const find = bench.gateway.find.bind(bench.gateway);
    bench.gateway.find = () => Promise.resolve(undefined);
    const problem = await bench.refuse();
    expect(problem).toMatchObject({
      code: 'upstream_error',
      extras: { upstream: 'Dataproc', retryAfter: 5 },
    });
    expect(bench.stored()).toMatchObject({ state: 'submitting' });
    bench.gateway.find = find;
    expect((await bench.submit()).record.state).toBe('queued');
  });

  it('leaves the record open when the look at it is refused, since the job may well run', async () => {
    const bench = createSubmitting();
    await plant(bench, {});
    bench.gateway.failNextFind(REFUSED);
    const problem = await bench.refuse();
    expect(problem).toMatchObject({ code: 'upstream_error', extras: { retryAfter: 5 } });
    expect(bench.stored()).toMatchObject({ state: 'submitting' });
  });
});

describe('a definite refusal', () => {
  it('ends the job as failed with the reason', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    const problem = await bench.refuse();
    expect(problem).toMatchObject({
      code: 'upstream_refused',
      detail:
        'Dataproc refused the request. The job is recorded as failed. Once the cause is mended, send it with a new Idempotency-Key.',
      extras: { upstream: 'Dataproc', job: JOB, idempotencyKey: 'key-1' },
    });
    expect(bench.stored()).toMatchObject({
      state: 'failed',
      version: 2,
      reason: 'submission_refused',
      waitReason: null,
      endedAt: '2026-01-15T12:00:00.000Z',
      error: {
        class: 'platform',
        code: 'submission_refused',
        message: 'Dataproc refused the request.',
        retryable: false,
      },
      // 90 days after 2026-01-15T12:00:00Z
      expiresAtSeconds: 1_776_254_400,
    });
  });

  it('of a repeated submission ends nothing that the first one started', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    expect((await bench.submit()).record.state).toBe('queued');
    expect(bench.stored()).toMatchObject({ state: 'queued', reason: null });
  });

  it('of a repeated submission ends the job when nothing was started before', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    expect((await bench.refuse()).code).toBe('upstream_refused');
    expect(bench.stored()).toMatchObject({ state: 'failed', reason: 'submission_refused' });
  });

  it('ends nothing when it comes from the records after the batch was made', async () => {
    const bench = createSubmitting();
    const replace = bench.records.replace.bind(bench.records);
    bench.records.replace = () => {
      bench.records.replace = replace;
      return Promise.reject(new Problem('upstream_refused', 'DynamoDB refused the request.'));
    };
    const problem = await bench.refuse();
    expect(problem).toMatchObject({ code: 'upstream_refused', extras: { job: JOB } });
    expect(bench.stored()).toMatchObject({ state: 'submitting' });
    expect((await bench.submit()).record.state).toBe('queued');
  });

  it('yields to a writer that was first', async () => {
    const bench = createSubmitting();
    const submit = bench.gateway.submit.bind(bench.gateway);
    bench.gateway.submit = () => {
      const record = bench.stored() ?? failExpected();
      bench.records.seed({ ...record, version: 2, state: 'running' });
      bench.gateway.submit = submit;
      return Promise.reject(REFUSED);
    };
    expect((await bench.submit()).record).toMatchObject({ state: 'running', version: 2 });
  });
});

describe('a submission that meets a bug', () => {
  it('passes it on as it is', async () => {
    const bench = createSubmitting();
    const bug = new TypeError('a bug');
    bench.gateway.submit = () => Promise.reject(bug);
    await expect(bench.submit()).rejects.toBe(bug);
  });
});
