import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import { toUpstreamLabels } from '../../../shared/jobs/labels.ts';
import { Problem, type ProblemCode } from '../../../shared/problem.ts';
import { START } from '../../support/clock.ts';
import { createSubmitting, CUT, JOB, TIMEOUT, type Submitting } from '../../support/submitting.ts';
import { EPHEMERAL } from '../../support/targets.ts';

/** Minutes after which nobody hopes any more to learn what became of a start. */
const LOST_MINUTES = 15;

function createBench(): Submitting {
  return createSubmitting(EPHEMERAL);
}

function unstarted(code: ProblemCode, upstream = 'Dataproc'): Problem {
  return new Problem(code, 'It was not started.', { upstream });
}

describe('a workflow', () => {
  it('is recorded with its start open before Dataproc is asked, and with its handle after it', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    expect(bench.stored()).toMatchObject({ state: 'submitting', openStartAt: START, handle: null });
    const other = createBench();
    const { record } = await other.submit();
    expect(record).toMatchObject({ state: 'queued', openStartAt: null });
    expect(record.target).toEqual({
      name: 'ephemeral',
      kind: 'workflow',
      project: 'acme',
      region: 'us-central1',
    });
  });

  it.each([
    ['was lost', TIMEOUT],
    ['was cut off', CUT],
  ])(
    'whose answer %s is adopted when it was started, and not started again',
    async (_, problem) => {
      const bench = createBench();
      bench.gateway.failNextSubmit(problem, 'worked');
      expect((await bench.refuse()).extras).toMatchObject({ job: JOB, idempotencyKey: 'key-1' });
      const { record, replayed } = await bench.submit();
      expect(replayed).toBe(true);
      expect(record).toMatchObject({ state: 'queued', openStartAt: null });
      expect(bench.gateway.submissions).toHaveLength(1);
      expect(bench.gateway.looks.at(-1)).toMatchObject({
        account: 'jg-submit-tidy',
        handle: null,
        labels: toUpstreamLabels(record, 'jobgate-prod'),
      });
    },
  );

  it('whose start may still come to something is shown as it is, however often it is asked for', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    for (let time = 0; time < 3; time += 1) {
      bench.clock.advance(60_000);
      const { record, replayed } = await bench.submit();
      expect([record.state, replayed]).toEqual(['submitting', true]);
    }
    expect(bench.gateway.submissions).toHaveLength(1);
  });

  it('of which nothing is ever learnt ends as failed, and nobody starts it again', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    bench.clock.advance(LOST_MINUTES * 60_000);
    const expected = {
      state: 'failed',
      reason: 'unknown_outcome',
      error: { class: 'platform', code: 'unknown_outcome', retryable: false },
    };
    expect((await bench.submit()).record).toMatchObject(expected);
    expect(bench.stored()).toMatchObject(expected);
    expect((await bench.submit()).record).toMatchObject(expected);
    expect(bench.gateway.submissions).toHaveLength(1);
  });

  it.each([
    ['Dataproc was not there', unstarted('upstream_unavailable')],
    ['our identity was refused', unstarted('credentials_refused', 'IAM Credentials')],
    ['no token came in time', unstarted('upstream_timeout', 'Google STS')],
  ])(
    'that was not started because %s is started by the same request, once it is looked for',
    async (_, problem) => {
      const bench = createBench();
      bench.gateway.failNextSubmit(problem, 'not-worked');
      expect(await bench.refuse()).toMatchObject({ code: problem.code, extras: { job: JOB } });
      expect(bench.stored()).toMatchObject({ state: 'submitting', openStartAt: null });
      expect(bench.gateway.looks).toHaveLength(0);
      expect((await bench.submit()).record).toMatchObject({ state: 'queued' });
      expect(bench.gateway.looks).toHaveLength(1);
      expect(bench.gateway.submissions).toHaveLength(2);
    },
  );

  it('that a 503 had started all the same is found and not started again', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(unstarted('upstream_unavailable'), 'worked');
    await bench.refuse();
    expect((await bench.submit()).record).toMatchObject({ state: 'queued' });
    expect(bench.gateway.submissions).toHaveLength(1);
  });

  it('is started once by parallel requests, before and after a start that came to nothing', async () => {
    const bench = createBench();
    await Promise.all(Array.from({ length: 5 }, () => bench.submit()));
    expect(bench.gateway.submissions).toHaveLength(1);
    const other = createBench();
    other.gateway.failNextSubmit(unstarted('upstream_unavailable'), 'not-worked');
    await other.refuse();
    await Promise.all(Array.from({ length: 5 }, () => other.submit()));
    expect(other.gateway.submissions).toHaveLength(2);
    expect(other.gateway.jobs()).toHaveLength(1);
    expect(other.stored()).toMatchObject({ state: 'queued', openStartAt: null });
  });

  it('is not started again by a request that cannot look for it', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    bench.gateway.failNextFind(unstarted('upstream_unavailable'));
    expect(await bench.refuse()).toMatchObject({
      code: 'upstream_unavailable',
      extras: { job: JOB, idempotencyKey: 'key-1' },
    });
    expect(bench.gateway.submissions).toHaveLength(1);
  });

  it('is not open to a third request because the first closes its start twice', async () => {
    const bench = createBench();
    const { records, gateway } = bench;
    gateway.failNextSubmit(unstarted('upstream_unavailable'), 'not-worked');
    const store = {
      ...records,
      replace: async (...args: Parameters<typeof records.replace>) => {
        // The write is done, its answer is lost, and its repetition comes after the second request's.
        await records.replace(...args);
        bench.clock.advance(5_000);
        gateway.failNextSubmit(TIMEOUT, 'worked');
        await bench.submit().catch(() => undefined);
        return 'conflict' as const;
      },
    };
    await bench.submit({}, store).catch(() => undefined);
    expect(bench.stored()).toMatchObject({
      state: 'submitting',
      openStartAt: bench.clock.now().toISOString(),
    });
    gateway.hideFromNextFind();
    await bench.submit().catch(() => undefined);
    expect(gateway.repeats()).toBe(0);
  });

  it('that another template has replaced is not started, unless it was', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(unstarted('upstream_unavailable'), 'not-worked');
    await bench.refuse();
    bench.records.seed({ ...(bench.stored() as JobRecord), templateDigest: 'sha256:other' });
    expect(await bench.refuse()).toMatchObject({ code: 'template_changed' });
    expect(bench.gateway.submissions).toHaveLength(1);
  });

  it('whose labels name another record is somebody else’s', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    bench.gateway.change(JOB, { labels: { jobgate: 'v1' } });
    expect(await bench.refuse()).toMatchObject({ code: 'upstream_refused' });
    expect(bench.stored()).toMatchObject({ state: 'failed', reason: 'submission_refused' });
  });

  it('that Dataproc refuses is failed, and its start is not open', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(unstarted('upstream_refused'), 'not-worked');
    expect(await bench.refuse()).toMatchObject({ code: 'upstream_refused' });
    expect(bench.stored()).toMatchObject({
      state: 'failed',
      reason: 'submission_refused',
      openStartAt: null,
    });
  });
});
