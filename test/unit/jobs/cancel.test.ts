import { describe, expect, it } from 'vitest';
import { cancelJob } from '../../../shared/jobs/cancel.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import type { UpstreamJob } from '../../../shared/jobs/ports.ts';
import { toUpstreamLabels } from '../../../shared/jobs/labels.ts';
import { Problem } from '../../../shared/problem.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { createBrowsing, refusal, type Browsing } from '../../support/browsing.ts';
import { FAR, START } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';

const DECISION = makeAuditRecord({ id: 'decision-of-cancel', action: 'cancel-job' });
const RUNNING = makeRecord({ state: 'running', waitReason: null });
const SUBMITTING = makeRecord({ state: 'submitting', waitReason: 'submitting', history: [] });
const WORKFLOW = makeRecord({
  ...SUBMITTING,
  target: { name: 'ephemeral', kind: 'workflow', project: 'acme', region: 'us-central1' },
});

interface Bench extends Browsing {
  readonly cancel: () => Promise<JobRecord>;
  readonly stored: () => JobRecord | undefined;
}

/** One stored record, what Dataproc knows of it (undefined: nothing), and a way to cancel it as it was read. */
function createBench(record: JobRecord, upstream?: Partial<UpstreamJob>): Bench {
  const bench = createBrowsing(record, upstream);
  const operatorOf = (target: string): string => `operator-of-${target}`;
  const stored = (): JobRecord | undefined => bench.records.all()[0];
  return {
    ...bench,
    stored,
    cancel: () =>
      cancelJob(
        stored() ?? record,
        { decision: DECISION, reason: 'cancel_requested', deadline: FAR },
        { ...bench.ports, operatorOf },
      ),
  };
}

/** Somebody else writes the record while the job is looked for. */
function writeDuringLook({ gateway, records, ports }: Bench, written: JobRecord): void {
  const find: typeof gateway.find = async (reference) => {
    const upstream = await gateway.find(reference);
    records.seed(written);
    return upstream;
  };
  Object.assign(ports, { gateway: { ...gateway, find } });
}

/** What is written before Dataproc is asked: only why it is. */
const NOTED = { ...RUNNING, version: 2, cancelReason: 'cancel_requested' };

describe('a job that is cancelled', () => {
  it('is asked for its end as the target’s operator, and is then cancelling', async () => {
    const bench = createBench(RUNNING, { state: 'running', handle: 'projects/a' });
    const record = await bench.cancel();
    expect(record).toMatchObject({
      state: 'cancelling',
      reason: 'cancel_requested',
      waitReason: null,
      handle: 'projects/a',
      endedAt: null,
    });
    expect(record.history.map(({ state }) => state)).toEqual(['queued', 'running', 'cancelling']);
    expect(bench.stored()).toEqual(record);
    expect(bench.gateway.cancellations).toMatchObject([
      { jobId: RUNNING.id, target: 'analytics', account: 'operator-of-analytics' },
    ]);
    expect(bench.audit.records).toEqual([DECISION]);
  });

  it('stays cancelling until it has ended, whatever Dataproc still calls it, and keeps its reason', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    await bench.cancel();
    bench.gateway.change(RUNNING.id, { state: 'running' });
    bench.clock.advance(40_000);
    expect(await bench.get(RUNNING.id)).toMatchObject({ state: 'cancelling' });
    bench.gateway.change(RUNNING.id, { state: 'cancelled', endedAt: START });
    bench.clock.advance(40_000);
    expect(await bench.get(RUNNING.id)).toMatchObject({
      state: 'cancelled',
      reason: 'cancel_requested',
      endedAt: START,
    });
  });

  it('keeps the end that it came to first', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    await bench.cancel();
    bench.gateway.change(RUNNING.id, { state: 'succeeded', endedAt: START });
    bench.clock.advance(40_000);
    expect(await bench.get(RUNNING.id)).toMatchObject({ state: 'succeeded', reason: null });
  });

  it('may be cancelled again, which asks Dataproc no second time once it is cancelling there', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    const first = await bench.cancel();
    const second = await bench.cancel();
    expect([first.state, second.state]).toEqual(['cancelling', 'cancelling']);
    expect(second.history).toEqual(first.history);
    expect(bench.gateway.cancellations).toHaveLength(1);
    expect(bench.audit.records).toHaveLength(2);
  });

  it('is asked for its end again when Dataproc has not begun with it', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    await bench.cancel();
    bench.gateway.change(RUNNING.id, { state: 'running' });
    await bench.cancel();
    expect(bench.gateway.cancellations).toHaveLength(2);
  });

  it.each(['succeeded', 'failed', 'cancelled'] as const)(
    'that has %s stays as it is, and Dataproc is not asked',
    async (state) => {
      const record = makeRecord({ state, endedAt: START });
      const bench = createBench(record);
      expect(await bench.cancel()).toEqual(record);
      expect(bench.stored()).toEqual(record);
      expect(bench.gateway.looks).toEqual([]);
      expect(bench.audit.records).toEqual([DECISION]);
    },
  );

  it.each(['succeeded', 'failed', 'cancelled'] as const)(
    'that turns out to have %s is brought up to date, and no end is asked for',
    async (state) => {
      const bench = createBench(RUNNING, { state, endedAt: START });
      expect(await bench.cancel()).toMatchObject({ state, endedAt: START });
      expect(bench.stored()).toMatchObject({ state });
      expect(bench.gateway.cancellations).toEqual([]);
    },
  );

  it('that ends while its end is asked for is shown as it ended', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    bench.gateway.answerNextCancel(() => {
      bench.gateway.change(RUNNING.id, { state: 'succeeded', endedAt: START });
      return 'ended';
    });
    expect(await bench.cancel()).toMatchObject({ state: 'succeeded', reason: null });
  });

  it('that somebody else is cancelling already is cancelling', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    bench.gateway.answerNextCancel(() => {
      bench.gateway.change(RUNNING.id, { state: 'cancelling' });
      return 'ended';
    });
    expect(await bench.cancel()).toMatchObject({ state: 'cancelling' });
  });

  it.each([
    ['ended', true],
    ['unknown', false],
  ] as const)(
    'of which Dataproc says %s and the contrary is not said to be cancelled',
    async (outcome, there) => {
      const bench = createBench(RUNNING, { state: 'running' });
      bench.gateway.answerNextCancel(() => {
        if (!there) bench.gateway.forget(RUNNING.id);
        return outcome;
      });
      expect(await refusal(bench.cancel())).toMatchObject({
        code: 'upstream_error',
        extras: { job: RUNNING.id, retryAfter: 5 },
      });
      expect(bench.stored()).toEqual(NOTED);
    },
  );

  it('is not marked when Dataproc could not be asked', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    bench.gateway.answerNextCancel(() => {
      throw new Problem('upstream_unavailable', 'no');
    });
    expect(await refusal(bench.cancel())).toMatchObject({ code: 'upstream_unavailable' });
    expect(bench.stored()).toEqual(NOTED);
  });

  it('has its reason from whoever sees its end first', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    bench.clock.advance(60_000);
    const { gateway } = bench;
    Object.assign(bench.ports, {
      gateway: {
        ...gateway,
        cancel: async (...args: Parameters<typeof gateway.cancel>) => {
          const outcome = await gateway.cancel(...args);
          gateway.change(RUNNING.id, { state: 'cancelled', endedAt: START });
          await bench.get(RUNNING.id);
          return outcome;
        },
      },
    });
    const reason = 'cancel_requested';
    expect(await bench.cancel()).toMatchObject({ state: 'cancelled', reason });
  });

  it('has its reason though the request that asked did not live to write it', async () => {
    const bench = createBench(
      { ...NOTED, cancelReason: 'max_runtime_reached' },
      { state: 'cancelling' },
    );
    const reason = 'max_runtime_reached';
    expect(await bench.cancel()).toMatchObject({ state: 'cancelling', reason });
  });

  it('is marked over what others write of it meanwhile', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    bench.gateway.answerNextCancel(() => {
      bench.records.seed({ ...RUNNING, version: 7, driverOutputUri: 'gs://stage/driveroutput' });
      return 'requested';
    });
    expect(await bench.cancel()).toMatchObject({
      state: 'cancelling',
      version: 8,
      driverOutputUri: 'gs://stage/driveroutput',
    });
  });

  it('that ended in the record meanwhile is shown so', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    const ended = makeRecord({ ...RUNNING, version: 7, state: 'succeeded', endedAt: START });
    bench.gateway.answerNextCancel(() => {
      bench.records.seed(ended);
      return 'requested';
    });
    expect(await bench.cancel()).toEqual(ended);
  });

  it('is cancelled though the audit is down: the decision waits on its item', async () => {
    const bench = createBench(RUNNING, { state: 'running' });
    bench.audit.setDown(true);
    expect(await bench.cancel()).toMatchObject({ state: 'cancelling', outbox: [DECISION] });
  });

  it('that Dataproc no longer knows is lost when it has not been seen for long', async () => {
    const bench = createBench(RUNNING);
    expect(await refusal(bench.cancel())).toMatchObject({ code: 'upstream_error' });
    bench.clock.advance(15 * 60_000);
    expect(await bench.cancel()).toMatchObject({ state: 'failed', reason: 'job_lost' });
  });

  it('is not lost when somebody finds it while a look misses it', async () => {
    const missing = makeRecord({ ...RUNNING, state: 'queued', missingSince: START });
    const bench = createBench(missing);
    bench.clock.advance(16 * 60_000);
    const found = makeRecord({
      ...missing,
      version: 6,
      state: 'running',
      missingSince: null,
      checkedAt: bench.clock.now().toISOString(),
      announced: ['queued', 'running'],
      outbox: [makeAuditRecord({ id: 'of-another' })],
    });
    writeDuringLook(bench, found);
    expect(await refusal(bench.cancel())).toMatchObject({ code: 'upstream_error' });
    expect(bench.stored()).toEqual(found);
  });

  it('is lost though an audit record is noted on its item meanwhile, which stays there', async () => {
    const missing = makeRecord({ ...RUNNING, missingSince: START });
    const outbox = [makeAuditRecord({ id: 'of-another' })];
    const bench = createBench(missing);
    bench.clock.advance(16 * 60_000);
    writeDuringLook(bench, { ...missing, version: 2, outbox });
    expect(await bench.cancel()).toMatchObject({ version: 3, reason: 'job_lost', outbox });
  });
});

describe('a job that has not reached Dataproc', () => {
  it('is not cancelled while a request may still be submitting it', async () => {
    const bench = createBench(SUBMITTING);
    bench.clock.advance(119_000);
    expect(await refusal(bench.cancel())).toMatchObject({
      code: 'job_submitting',
      extras: { job: SUBMITTING.id, retryAfter: 5 },
    });
    expect(bench.stored()).toEqual(SUBMITTING);
  });

  it('is cancelled without Dataproc once nobody can be submitting it', async () => {
    const bench = createBench(SUBMITTING);
    bench.clock.advance(120_000);
    expect(await bench.cancel()).toMatchObject({
      state: 'cancelled',
      reason: 'cancel_requested',
      endedAt: '2026-01-15T12:02:00.000Z',
      history: [{ state: 'cancelled' }],
    });
    expect(bench.gateway.cancellations).toEqual([]);
    expect(bench.stored()?.expiresAtSeconds).toBeGreaterThan(0);
  });

  it('is not cancelled when somebody takes it up at that moment', async () => {
    const bench = createBench(SUBMITTING);
    bench.clock.advance(120_000);
    const work = bench.cancel();
    bench.records.seed({ ...SUBMITTING, version: 2 });
    expect(await refusal(work)).toMatchObject({ code: 'job_submitting' });
    expect(bench.stored()).toMatchObject({ state: 'submitting', version: 2 });
  });

  it('does not end the job that somebody else has under its id', async () => {
    const labels = { ...toUpstreamLabels(SUBMITTING, 'jobgate-test'), 'jg-request': 'r-other' };
    const bench = createBench(SUBMITTING, { state: 'running', labels });
    expect(await refusal(bench.cancel())).toMatchObject({ code: 'job_submitting' });
    expect(bench.gateway.cancellations).toEqual([]);
  });

  it('is cancelled at Dataproc when it is there after all', async () => {
    const bench = createBench(SUBMITTING, { state: 'queued' });
    expect(await bench.cancel()).toMatchObject({ state: 'cancelling' });
    expect(bench.gateway.cancellations).toHaveLength(1);
  });

  it('and is a workflow with no start open is cancelled at once', async () => {
    const bench = createBench(WORKFLOW);
    expect(await bench.cancel()).toMatchObject({ state: 'cancelled' });
  });

  it('and is a workflow with an open start is never said to be cancelled', async () => {
    const bench = createBench({ ...WORKFLOW, openStartAt: START });
    bench.clock.advance(14 * 60_000);
    expect(await refusal(bench.cancel())).toMatchObject({ code: 'job_submitting' });
    bench.clock.advance(60_000);
    expect(await bench.cancel()).toMatchObject({ state: 'failed', reason: 'unknown_outcome' });
  });
});
