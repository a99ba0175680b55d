import { describe, expect, it } from 'vitest';
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
