import { describe, expect, it } from 'vitest';
import { capRun } from '../../../shared/cost/estimate.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import { toJobView } from '../../../shared/jobs/view.ts';
import { makeRecord } from '../../support/job-records.ts';

describe('the view of a job', () => {
  it('shows a job that is being submitted as queued, and keeps what is internal', () => {
    const record = makeRecord({ state: 'submitting', waitReason: 'submitting', history: [] });
    const self = `https://api.example/v1/jobs/${record.id}`;
    expect(toJobView(record, { publicUrl: 'https://api.example', mayReadData: true })).toEqual({
      id: record.id,
      template: 'tidy',
      templateVersion: '1.2.0',
      state: 'queued',
      reason: null,
      waitReason: 'submitting',
      submittedBy: {
        issuer: 'https://issuer.example',
        subject: 'ana',
        client: 'notebook',
        actor: null,
      },
      submittedAt: '2026-01-15T12:00:00.000Z',
      startedAt: null,
      endedAt: null,
      history: [],
      parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
      labels: {},
      correlationId: 'correlation-1',
      retryOf: null,
      target: { name: 'analytics', kind: 'batch', region: 'us-central1' },
      runtimeAccount: 'jg-run-tidy@acme.iam.gserviceaccount.com',
      maxRuntimeSeconds: 1800,
      cost: null,
      checkedAt: '2026-01-15T12:00:00.000Z',
      links: {
        self,
        logs: `${self}/logs`,
        result: `${self}/result`,
        audit: `${self}/audit`,
        cancel: `${self}/cancel`,
      },
      error: null,
    });
  });

  describe('of a job with a price', () => {
    const { cost } = capRun({
      properties: {},
      region: 'us-central1',
      maxRuntimeSeconds: 1800,
      maxCost: { amount: '5.00', currency: 'USD' },
    });
    const startedAt = '2026-01-15T12:01:00.000Z';
    const at = (minutes: number): string =>
      new Date(Date.parse(startedAt) + minutes * 60_000).toISOString();
    const show = (changes: Partial<JobRecord>): unknown =>
      toJobView(makeRecord({ cost, ...changes }), {
        publicUrl: 'https://api.example',
        mayReadData: true,
      }).cost;

    it.each<readonly [string, Partial<JobRecord>, object]>([
      [
        'nothing before it has started',
        { checkedAt: at(-0.5) },
        { amount: '0.00', basis: 'upper_bound', asOf: at(-0.5) },
      ],
      [
        'at most the worst rate while it runs, as of the last look',
        { state: 'running', startedAt, checkedAt: at(10) },
        { amount: '0.4837', basis: 'upper_bound', asOf: at(10) },
      ],
      [
        'at most the worst rate for its time once it has ended',
        { state: 'failed', startedAt, endedAt: at(5), checkedAt: at(10) },
        { amount: '0.2419', basis: 'upper_bound', asOf: at(5) },
      ],
      [
        'what was measured as soon as that is known',
        {
          state: 'succeeded',
          startedAt,
          endedAt: at(5),
          usage: { milliDcuSeconds: 3_600_000, shuffleStorageGbSeconds: 0 },
        },
        { amount: '0.06', basis: 'measured', asOf: at(5) },
      ],
    ])('shows that it has cost %s', (_name, changes, accrued) => {
      expect(show(changes)).toEqual({
        currency: 'USD',
        estimate: { low: '0.0131', high: '1.451' },
        maxCost: { amount: '5.00', currency: 'USD' },
        accrued,
        prices: {
          asOf: '2026-11-21',
          source: 'https://cloud.google.com/dataproc-serverless/pricing',
          listed: true,
        },
      });
    });
  });

  it('keeps the last log lines from one who may not read the job’s data', () => {
    const error = {
      class: 'user_code',
      code: 'driver_failed',
      message: 'ValueError: no',
      retryable: false,
      logTail: ['ValueError: no'],
    } as const;
    const record = makeRecord({ state: 'failed', error });
    const show = (mayReadData: boolean): unknown =>
      toJobView(record, { publicUrl: 'https://api.example', mayReadData }).error;
    expect(show(true)).toEqual(error);
    expect(show(false)).toEqual({ ...error, logTail: [] });
  });
});
