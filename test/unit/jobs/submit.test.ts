import { describe, expect, it } from 'vitest';
import { AGENT, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { FAR } from '../../support/clock.ts';
import {
  createSubmitting,
  CUT,
  JOB,
  REFUSED,
  SUBMISSION,
  TIMEOUT,
} from '../../support/submitting.ts';
import { findSubmittedBefore } from '../../../shared/jobs/submit.ts';
import { Problem, toProblem } from '../../../shared/problem.ts';
import { argsOf, TIDY } from '../../support/templates.ts';

describe('a new submission', () => {
  it('is recorded before Dataproc is called, and queued after it', async () => {
    const bench = createSubmitting();
    const { record, replayed } = await bench.submit();
    expect(replayed).toBe(false);
    expect(bench.told).toEqual(['new submitting, 0 submissions']);
    expect(bench.stored()).toEqual(record);
    expect(record).toEqual({
      id: JOB,
      version: 2,
      state: 'queued',
      reason: null,
      waitReason: 'provisioning',
      template: 'tidy',
      templateVersion: '1.2.0',
      templateDigest: TIDY.digest,
      submittedBy: {
        issuer: 'https://issuer.example',
        subject: 'ana',
        client: 'notebook',
        actor: null,
      },
      submittedAt: '2026-01-15T12:00:00.000Z',
      startedAt: null,
      endedAt: null,
      checkedAt: '2026-01-15T12:00:00.000Z',
      history: [{ state: 'queued', at: '2026-01-15T12:00:00.000Z' }],
      parameters: SUBMISSION.parameters,
      labels: { team: 'blue' },
      correlationId: 'correlation-1',
      retryOf: null,
      // printf '{"parameters":{"input":"gs://inputs/open/a.csv"},"template":"tidy"}' | sha256sum
      fingerprint: '6301c69ff659c6dcbd023542703698554c99630e4df9b54ef4f420491dbfe49b',
      target: { name: 'analytics', kind: 'batch', project: 'acme', region: 'us-central1' },
      submitterAccount: 'jg-submit-tidy',
      runtimeAccount: 'jg-run-tidy',
      maxRuntimeSeconds: 900,
      cost: null,
      usage: null,
      outputUri: `gs://results/tidy/${JOB}/`,
      driverOutputUri: null,
      handle: null,
      openStartAt: null,
      error: null,
      holds: [
        {
          limit: 'runs-per-day',
          // printf '["https://issuer.example","ana","tidy"]' | sha256sum | cut -c1-32
          key: 'limit#day#2026-01-15#095c808d96ca811222b1a54307017e50',
          most: 50,
        },
        {
          limit: 'concurrent-per-caller',
          key: 'limit#caller#095c808d96ca811222b1a54307017e50',
          most: 2,
        },
        { limit: 'concurrent-per-template', key: 'limit#template#tidy', most: 10 },
      ],
      announced: [],
      cancelReason: null,
      missingSince: null,
      outbox: [],
      expiresAtSeconds: null,
    });
  });

  it('is sent with the program, the accounts, the limit and both kinds of labels', async () => {
    const bench = createSubmitting();
    await bench.submit();
    expect(bench.gateway.submissions).toMatchObject([
      {
        jobId: JOB,
        target: 'analytics',
        submitterAccount: 'jg-submit-tidy',
        runtimeAccount: 'jg-run-tidy',
        maxRuntimeSeconds: 900,
        labels: { team: 'blue', jobgate: 'v1', 'jg-correlation': 'c-correlation-1' },
        deadline: FAR,
        program: { mainUri: `gs://stage/templates/tidy/${'0123456789abcdef'.repeat(4)}/tidy.py` },
      },
    ]);
  });

  it('lets no label of the caller stand in for one of Jobgate’s', async () => {
    const bench = createSubmitting();
    await bench.submit({ labels: { 'jg-caller': 'somebody', jobgate: 'v9' } });
    const [sent] = bench.gateway.submissions;
    expect(sent?.labels).toMatchObject({
      'jg-caller': 'c-96a3dc2fa75d03dcab7c70c9dbdf1444',
      jobgate: 'v1',
    });
  });

  it('is another job for another caller or another key', async () => {
    const bench = createSubmitting();
    const jobs = [
      await bench.submit(),
      await bench.submit({ caller: OUTSIDER }),
      await bench.submit({ idempotencyKey: 'key-2' }),
    ];
    expect(new Set(jobs.map(({ record }) => record.id)).size).toBe(3);
    expect(bench.gateway.jobs()).toHaveLength(3);
  });
});

describe('a repeated submission', () => {
  it('is answered with the job that was there', async () => {
    const bench = createSubmitting();
    const first = await bench.submit();
    bench.clock.advance(60_000);
    const again = await bench.submit({ correlationId: 'correlation-2' });
    expect(again).toEqual({ record: first.record, replayed: true });
    expect(bench.gateway.submissions).toHaveLength(1);
    expect(bench.told).toEqual(['new submitting, 0 submissions', 'replay queued, 1 submissions']);
  });

  it('of one who acts for a person is not answered with that person’s own job, nor the other way round', async () => {
    const bench = createSubmitting();
    const own = await bench.submit();
    const acted = await bench.submit({ caller: AGENT });
    expect([acted.replayed, acted.record.submittedBy.actor]).toEqual([false, 'agent-7']);
    expect((await bench.submit()).record.id).toBe(own.record.id);
    expect(await bench.submit({ caller: AGENT })).toMatchObject({
      replayed: true,
      record: { id: acted.record.id },
    });
    const other = await bench.refuse({ caller: { ...AGENT, actor: 'agent-8' } });
    expect([other.code, bench.gateway.jobs().length]).toEqual(['limit_reached', 2]);
  });

  it('that finds another’s record under its id is not answered with it', async () => {
    const bench = createSubmitting();
    const { record } = await bench.submit({ caller: AGENT });
    const submittedBy = { ...record.submittedBy, actor: null };
    bench.records.seed({ ...record, submittedBy });
    const problem = await bench.refuse({ caller: AGENT });
    expect(problem).toMatchObject({
      code: 'idempotency_key_reused',
      detail: 'This Idempotency-Key names a job that is not yours. Use a new key.',
    });
    expect(problem.extras).not.toHaveProperty('job');
    const before = { ...SUBMISSION, caller: AGENT };
    const ports = { deployment: 'jobgate-prod', records: bench.records };
    expect(await findSubmittedBefore(before, ports)).toBeUndefined();
    bench.records.seed(record);
    expect(await findSubmittedBefore(before, ports)).toEqual(record);
    expect(await findSubmittedBefore({ ...before, caller: ANALYST }, ports)).toBeUndefined();
  });

  it('is refused with another body, and names the job', async () => {
    const bench = createSubmitting();
    await bench.submit();
    const problem = await bench.refuse({ rawBody: { template: 'tidy', parameters: {} } });
    expect(problem).toMatchObject({ code: 'idempotency_key_reused', extras: { job: JOB } });
    expect(bench.gateway.submissions).toHaveLength(1);
    expect(bench.told).toHaveLength(1);
  });

  it('starts one job when twenty arrive at once', async () => {
    const bench = createSubmitting();
    const results = await Promise.all(Array.from({ length: 20 }, () => bench.submit()));
    expect(bench.gateway.jobs()).toHaveLength(1);
    expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(results.map(({ record }) => record.id)).toEqual(Array.from({ length: 20 }, () => JOB));
    expect(new Set(results.map(({ record }) => record.state))).toEqual(new Set(['queued']));
    expect(bench.stored()).toMatchObject({ state: 'queued', version: 2 });
  });

  it.each([
    ['timed out', TIMEOUT],
    ['was cut off', CUT],
  ])('adopts the job whose start %s after it was done', async (_name, failure) => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(failure, 'worked');
    const problem = await bench.refuse();
    expect(problem).toMatchObject({
      code: failure.code,
      extras: { job: JOB, idempotencyKey: 'key-1' },
    });
    expect(problem.detail).toBe(
      `${failure.detail} The job is recorded: within 15 minutes the same request under the same Idempotency-Key finds and finishes it. After that, if it ended as job_lost, send the request with a new Idempotency-Key.`,
    );
    expect(bench.stored()).toMatchObject({ state: 'submitting', version: 1 });
    bench.gateway.change(JOB, { state: 'running', startedAt: '2026-01-15T12:00:30Z' });
    const again = await bench.submit({ correlationId: 'correlation-2' });
    expect(again.replayed).toBe(true);
    expect(again.record).toMatchObject({ state: 'running', startedAt: '2026-01-15T12:00:30Z' });
    expect(bench.gateway.jobs()).toHaveLength(1);
  });

  it('says until when the same request helps where our identity was refused', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(new Problem('credentials_refused', 'Refused.'), 'not-worked');
    const problem = await bench.refuse();
    expect(problem).toMatchObject({ code: 'credentials_refused', extras: { job: JOB } });
    expect(problem.detail).toBe(
      'Refused. The job is recorded: if that is mended within 15 minutes, the same request under the same Idempotency-Key finishes it. After that, if it ended as job_lost, send the request with a new Idempotency-Key.',
    );
  });

  it('starts the job whose first start was lost', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    expect((await bench.submit()).record).toMatchObject({ state: 'queued', version: 2 });
    expect(bench.gateway.jobs()).toHaveLength(1);
  });

  it('is possible for one who sent no key and whose record may or may not have been put', async () => {
    const bench = createSubmitting();
    const failing = { ...bench.records, putIfAbsent: () => Promise.reject(TIMEOUT) };
    const problem = await bench.submit({}, failing).then(() => undefined, toProblem);
    expect(problem).toMatchObject({
      code: 'upstream_timeout',
      extras: { job: JOB, idempotencyKey: 'key-1' },
    });
    expect(problem?.detail).toContain('Whether the job is recorded is not known');
    expect(bench.gateway.jobs()).toHaveLength(0);
    const again = await bench.submit();
    expect(again).toMatchObject({ replayed: false, record: { id: JOB, state: 'queued' } });
  });

  it('keeps what somebody who cancels the job has noted while it was started', async () => {
    const bench = createSubmitting();
    const { records } = bench;
    const store = {
      ...records,
      replace: async (...args: Parameters<typeof records.replace>) => {
        const before = bench.stored();
        if (before?.version === 1)
          records.seed({ ...before, version: 2, cancelReason: 'cancel_requested' });
        return records.replace(...args);
      },
    };
    const { record } = await bench.submit({}, store);
    expect(record).toMatchObject({
      version: 3,
      state: 'queued',
      cancelReason: 'cancel_requested',
    });
    expect(bench.stored()).toEqual(record);
  });

  it('marks an old unfinished record before it works on it, so that nobody counts it as lost', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    bench.clock.advance(60_000);
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    expect(bench.stored()).toMatchObject({
      state: 'submitting',
      version: 2,
      checkedAt: '2026-01-15T12:01:00.000Z',
    });
  });

  it('sends the parameters and the correlation id of the record, not of the repeated request', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    const parameters = { ...SUBMISSION.parameters, limit: 99 };
    await bench.submit({ parameters, correlationId: 'correlation-2' });
    const [, sent] = bench.gateway.submissions;
    expect(sent?.labels['jg-correlation']).toBe('c-correlation-1');
    expect(argsOf(sent?.program)).toContain('10');
    expect(argsOf(sent?.program)).not.toContain('99');
  });

  it('never runs another version of the template than its record says', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    const template = { ...TIDY, version: '2.0.0', digest: `sha256:${'f'.repeat(64)}` };
    const problem = await bench.refuse({ template });
    expect(problem).toMatchObject({ code: 'template_changed', extras: { job: JOB } });
    expect(problem.detail).toBe(
      'The job was recorded for version 1.2.0 of tidy, which is gone, and has not reached Dataproc. Use a new Idempotency-Key.',
    );
    expect(bench.gateway.jobs()).toEqual([]);
  });

  it('adopts a job of the version before', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    const template = { ...TIDY, version: '2.0.0', digest: `sha256:${'f'.repeat(64)}` };
    const { record } = await bench.submit({ template });
    expect(record).toMatchObject({ state: 'queued', templateVersion: '1.2.0' });
  });

  it('is answered with a failed job that failed', async () => {
    const bench = createSubmitting();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    await bench.refuse();
    const again = await bench.submit();
    expect(again).toMatchObject({ replayed: true, record: { state: 'failed' } });
    expect(bench.gateway.submissions).toHaveLength(1);
  });
});
