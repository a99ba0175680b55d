import { describe, expect, it } from 'vitest';
import type { JobId, JobRecord } from '../../../shared/jobs/job.ts';
import { submitJob, type SubmitRequest, type SubmitResult } from '../../../shared/jobs/submit.ts';
import { Problem, toProblem } from '../../../shared/problem.ts';
import { ANALYST, OUTSIDER } from '../../support/callers.ts';
import { createClock, FAR, type FakeClock } from '../../support/clock.ts';
import { createMemoryGateway, type MemoryGateway } from '../../support/memory-gateway.ts';
import { createMemoryRecords, type MemoryRecords } from '../../support/memory-records.ts';
import { TIDY } from '../../support/templates.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;

const REQUEST: SubmitRequest = {
  caller: ANALYST,
  template: TIDY,
  parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
  labels: { team: 'blue' },
  maxRuntimeSeconds: 900,
  idempotencyKey: 'key-1',
  rawBody: { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } },
  correlationId: 'correlation-1',
  deadline: FAR,
};

interface Bench {
  readonly clock: FakeClock;
  readonly gateway: MemoryGateway;
  readonly records: MemoryRecords;
  /** What was told when a record was durable: its state, the batches there were, and whether it was a replay. */
  readonly told: readonly string[];
  readonly submit: (changes?: Partial<SubmitRequest>) => Promise<SubmitResult>;
  readonly refuse: (changes?: Partial<SubmitRequest>) => Promise<Problem>;
  readonly stored: () => JobRecord | undefined;
}

function createBench(): Bench {
  const clock = createClock();
  const gateway = createMemoryGateway();
  const records = createMemoryRecords();
  const told: string[] = [];
  const submit = (changes: Partial<SubmitRequest> = {}): Promise<SubmitResult> =>
    submitJob(
      { ...REQUEST, ...changes },
      {
        deployment: 'jobgate-prod',
        target: {
          name: 'analytics',
          project: 'acme',
          region: 'us-central1',
          stagingBucket: 'stage',
        },
        gateway,
        records,
        now: clock.now,
        onRecorded: (record, replayed) => {
          const kind = replayed ? 'replay' : 'new';
          told.push(`${kind} ${record.state}, ${gateway.submissions.length} submissions`);
        },
      },
    );
  return {
    clock,
    gateway,
    records,
    told,
    submit,
    refuse: (changes) => submit(changes).then(failExpected, toProblem),
    stored: () => records.all()[0],
  };
}

function failExpected(): never {
  throw new Error('the submission was not refused');
}

const TIMEOUT = new Problem('upstream_timeout', 'Dataproc did not answer in time.', {
  upstream: 'Dataproc',
  retryAfter: 5,
});
const CUT = new Problem('upstream_error', 'Dataproc cut the connection.');
const REFUSED = new Problem('upstream_refused', 'Dataproc refused the request.', {
  upstream: 'Dataproc',
});

describe('a new submission', () => {
  it('is recorded before Dataproc is called, and queued after it', async () => {
    const bench = createBench();
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
      parameters: REQUEST.parameters,
      labels: { team: 'blue' },
      correlationId: 'correlation-1',
      retryOf: null,
      // printf '{"parameters":{"input":"gs://inputs/open/a.csv"},"template":"tidy"}' | sha256sum
      fingerprint: '6301c69ff659c6dcbd023542703698554c99630e4df9b54ef4f420491dbfe49b',
      target: { name: 'analytics', kind: 'batch', project: 'acme', region: 'us-central1' },
      submitterAccount: 'jg-submit-tidy',
      runtimeAccount: 'jg-run-tidy',
      maxRuntimeSeconds: 900,
      outputUri: `gs://results/tidy/${JOB}/`,
      driverOutputUri: null,
      error: null,
      expiresAtSeconds: null,
    });
  });

  it('is sent with the program, the accounts, the limit and both kinds of labels', async () => {
    const bench = createBench();
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
    const bench = createBench();
    await bench.submit({ labels: { 'jg-caller': 'somebody', jobgate: 'v9' } });
    const [sent] = bench.gateway.submissions;
    expect(sent?.labels).toMatchObject({
      'jg-caller': 'c-96a3dc2fa75d03dcab7c70c9dbdf1444',
      jobgate: 'v1',
    });
  });

  it('is another job for another caller or another key', async () => {
    const bench = createBench();
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
    const bench = createBench();
    const first = await bench.submit();
    bench.clock.advance(60_000);
    const again = await bench.submit({ correlationId: 'correlation-2' });
    expect(again).toEqual({ record: first.record, replayed: true });
    expect(bench.gateway.submissions).toHaveLength(1);
    expect(bench.told).toEqual(['new submitting, 0 submissions', 'replay queued, 1 submissions']);
  });

  it('is refused with another body, and names the job', async () => {
    const bench = createBench();
    await bench.submit();
    const problem = await bench.refuse({ rawBody: { template: 'tidy', parameters: {} } });
    expect(problem).toMatchObject({ code: 'idempotency_key_reused', extras: { job: JOB } });
    expect(bench.gateway.submissions).toHaveLength(1);
    expect(bench.told).toHaveLength(1);
  });

  it('starts one job when twenty arrive at once', async () => {
    const bench = createBench();
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
    const bench = createBench();
    bench.gateway.failNextSubmit(failure, 'worked');
    const problem = await bench.refuse();
    expect(problem).toMatchObject({
      code: failure.code,
      extras: { job: JOB, idempotencyKey: 'key-1' },
    });
    expect(problem.detail).toContain('the same request under the same Idempotency-Key finds');
    expect(bench.stored()).toMatchObject({ state: 'submitting', version: 1 });
    bench.gateway.change(JOB, { state: 'running', startedAt: '2026-01-15T12:00:30Z' });
    const again = await bench.submit({ correlationId: 'correlation-2' });
    expect(again.replayed).toBe(true);
    expect(again.record).toMatchObject({ state: 'running', startedAt: '2026-01-15T12:00:30Z' });
    expect(bench.gateway.jobs()).toHaveLength(1);
  });

  it('starts the job whose first start was lost', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    expect((await bench.submit()).record).toMatchObject({ state: 'queued', version: 2 });
    expect(bench.gateway.jobs()).toHaveLength(1);
  });

  it('sends the parameters and the correlation id of the record, not of the repeated request', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'not-worked');
    await bench.refuse();
    const parameters = { ...REQUEST.parameters, limit: 99 };
    await bench.submit({ parameters, correlationId: 'correlation-2' });
    const [, sent] = bench.gateway.submissions;
    expect(sent?.labels['jg-correlation']).toBe('c-correlation-1');
    expect(sent?.program.args).toContain('10');
    expect(sent?.program.args).not.toContain('99');
  });

  it('never runs another version of the template than its record says', async () => {
    const bench = createBench();
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
    const bench = createBench();
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    const template = { ...TIDY, version: '2.0.0', digest: `sha256:${'f'.repeat(64)}` };
    const { record } = await bench.submit({ template });
    expect(record).toMatchObject({ state: 'queued', templateVersion: '1.2.0' });
  });

  it('is answered with a failed job that failed', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    await bench.refuse();
    const again = await bench.submit();
    expect(again).toMatchObject({ replayed: true, record: { state: 'failed' } });
    expect(bench.gateway.submissions).toHaveLength(1);
  });
});

describe('a batch that has the id already', () => {
  const labels = { jobgate: 'v1', 'jg-request': 'r-somebody-else' };

  async function plant(bench: Bench, changes: object): Promise<void> {
    bench.gateway.failNextSubmit(TIMEOUT, 'worked');
    await bench.refuse();
    bench.gateway.change(JOB, changes);
  }

  it('is refused when its labels name another record, and ends the job as failed', async () => {
    const bench = createBench();
    await plant(bench, { labels });
    const problem = await bench.refuse();
    expect(problem).toMatchObject({ code: 'upstream_refused', extras: { job: JOB } });
    expect(problem.detail).toBe(
      'Another job has this id in Dataproc; it is not Jobgate’s. The job is recorded as failed.',
    );
    expect(bench.stored()).toMatchObject({ state: 'failed', reason: 'submission_refused' });
  });

  it('is refused without any labels', async () => {
    const bench = createBench();
    await plant(bench, { labels: {} });
    expect((await bench.refuse()).code).toBe('upstream_refused');
  });

  it('leaves the record open when it cannot be found', async () => {
    const bench = createBench();
    await bench.submit();
    const record = { ...(bench.stored() ?? failExpected()), state: 'submitting' as const };
    bench.records.seed(record);
    const find = bench.gateway.find.bind(bench.gateway);
    bench.gateway.find = () => Promise.resolve(undefined);
    const problem = await bench.refuse();
    expect(problem.code).toBe('upstream_error');
    expect(bench.stored()).toMatchObject({ state: 'submitting' });
    bench.gateway.find = find;
    expect((await bench.submit()).record.state).toBe('queued');
  });

  it('leaves the record open when the look at it is refused, since the job may well run', async () => {
    const bench = createBench();
    await plant(bench, {});
    bench.gateway.failNextFind(REFUSED);
    const problem = await bench.refuse();
    expect(problem.code).toBe('upstream_error');
    expect(bench.stored()).toMatchObject({ state: 'submitting' });
  });
});

describe('a definite refusal', () => {
  it('ends the job as failed with the reason', async () => {
    const bench = createBench();
    bench.gateway.failNextSubmit(REFUSED, 'not-worked');
    const problem = await bench.refuse();
    expect(problem).toMatchObject({
      code: 'upstream_refused',
      detail: 'Dataproc refused the request. The job is recorded as failed.',
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

  it('ends nothing when it comes from the records after the batch was made', async () => {
    const bench = createBench();
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
    const bench = createBench();
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
    const bench = createBench();
    const bug = new TypeError('a bug');
    bench.gateway.submit = () => Promise.reject(bug);
    await expect(bench.submit()).rejects.toBe(bug);
  });
});
