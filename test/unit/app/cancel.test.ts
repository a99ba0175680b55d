import { describe, expect, it } from 'vitest';
import { serveCancel } from '../../../shared/app/cancel.ts';
import { createEndpoint } from '../../../shared/http/endpoint.ts';
import type { Caller } from '../../../shared/identity/caller.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import { createBrowsing, type Browsing } from '../../support/browsing.ts';
import { ADMIN, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';
import { makeRecord } from '../../support/job-records.ts';
import { createLogRecorder } from '../../support/log-lines.ts';
import { CONTEXT, makeProxyEvent } from '../../support/proxy-events.ts';

const RECORD = makeRecord({ state: 'running' });
const MAY_CANCEL = ['jobs:read', 'jobs:cancel'];

interface Bench extends Browsing {
  readonly post: (caller: Caller, job?: string) => Promise<{ status: number; code: unknown }>;
}

function createBench(record: JobRecord = RECORD): Bench {
  const bench = createBrowsing(record, { state: 'running' });
  const { ports, clock, audit } = bench;
  const { log } = createLogRecorder();
  const handler = createEndpoint(
    {
      operation: 'cancel-job',
      environment: CORE_ENVIRONMENT,
      log,
      now: clock.now,
      guard: audit.guard,
    },
    async (invocation) => {
      const cancelled = await serveCancel(invocation, { ...ports, operatorOf: () => 'jg-operate' });
      return { status: 202, body: { code: cancelled.state } };
    },
  );
  return {
    ...bench,
    post: async (caller, job = record.id) => {
      const event = makeProxyEvent({ caller, pathParameters: { job } });
      const { statusCode, body } = await handler(event, CONTEXT);
      return { status: statusCode, code: (JSON.parse(body) as { code: unknown }).code };
    },
  };
}

describe('cancel-job', () => {
  it.each([
    ['its submitter', { ...ANALYST, scopes: MAY_CANCEL }, 'own-job'],
    ['an administrator', { ...ADMIN, scopes: [...MAY_CANCEL, 'jobs:admin'] }, 'jobs:admin'],
  ])('lets %s end a job, and records it', async (_, caller, rule) => {
    const bench = createBench();
    expect(await bench.post(caller)).toEqual({ status: 202, code: 'cancelling' });
    expect(bench.audit.records).toMatchObject([
      {
        action: 'cancel-job',
        decision: 'allow',
        rule,
        caller: caller.subject,
        jobId: RECORD.id,
        template: 'tidy',
        templateVersion: '1.2.0',
      },
    ]);
  });

  it('does not know a stranger’s job, and records that it was asked for', async () => {
    const bench = createBench();
    const answer = await bench.post({ ...OUTSIDER, scopes: MAY_CANCEL });
    expect(answer).toEqual({ status: 404, code: 'job_not_found' });
    expect(bench.gateway.cancellations).toEqual([]);
    expect(bench.audit.records).toMatchObject([
      { action: 'cancel-job', decision: 'deny', rule: 'own-job', jobId: RECORD.id, caller: 'otto' },
    ]);
  });

  it.each(['jg-aaaaaaaaaaaaaaaaaaaaaaaaaa', '../jg', ''])('does not know %j', async (job) => {
    const bench = createBench();
    expect(await bench.post({ ...ANALYST, scopes: MAY_CANCEL }, job)).toEqual({
      status: 404,
      code: 'job_not_found',
    });
  });

  it.each([
    ['reads', ANALYST],
    ['sees every job', ADMIN],
  ])('is refused to a token that only %s, and the refusal is recorded', async (_, caller) => {
    const bench = createBench();
    expect(await bench.post(caller)).toEqual({ status: 403, code: 'insufficient_scope' });
    expect(bench.gateway.cancellations).toEqual([]);
    expect(bench.audit.records).toMatchObject([{ decision: 'deny', rule: 'jobs:cancel' }]);
  });
});
