import { describe, expect, it } from 'vitest';
import { readJobAudit } from '../../../shared/jobs/audit.ts';
import { toEventRecord, toSweepRecord, type SweepRule } from '../../../shared/jobs/unasked.ts';
import { makeAuditRecord } from '../../support/audit-records.ts';
import { createClock, FAR, START } from '../../support/clock.ts';
import { makeEvent } from '../../support/job-events.ts';
import { makeJobId, makeRecord } from '../../support/job-records.ts';
import { createMemoryAudit } from '../../support/memory-audit.ts';

const ENDED_AT = '2026-01-15T12:10:00.000Z';
const SWEEP = { requestId: 'sweep-1', now: createClock().now };

describe('the audit’s record of an event', () => {
  it('says what became of whose job, and why', () => {
    const event = makeEvent(
      { state: 'cancelled', reason: 'max_runtime_reached' },
      { at: ENDED_AT },
    );
    expect(toEventRecord(event, 'sweep-1')).toEqual({
      id: `${event.record.id}:cancelled`,
      timestamp: ENDED_AT,
      service: 'jobgate',
      message: 'audit',
      action: 'job.cancelled',
      decision: 'event',
      rule: 'observed',
      code: 'max_runtime_reached',
      requestId: 'sweep-1',
      extendedRequestId: null,
      correlationId: 'correlation-1',
      sourceIp: null,
      httpMethod: null,
      resourcePath: null,
      caller: 'ana',
      issuer: 'https://issuer.example',
      client: 'notebook',
      actor: null,
      tokenId: null,
      template: 'tidy',
      templateVersion: '1.2.0',
      jobId: event.record.id,
    });
  });

  it('has no reason when the job has none, or came to it later', () => {
    const succeeded = toEventRecord(makeEvent({ state: 'succeeded' }), 'sweep-1');
    expect(succeeded).not.toHaveProperty('code');
    const failed = makeEvent({ state: 'failed', reason: 'driver_failed' }, { state: 'running' });
    expect(toEventRecord(failed, 'sweep-1')).not.toHaveProperty('code');
  });

  it('counts once in the job’s audit, however often it was written', async () => {
    const event = makeEvent({ state: 'succeeded', endedAt: ENDED_AT }, { at: ENDED_AT });
    const { record } = event;
    const submitted = makeAuditRecord({ jobId: record.id, timestamp: START });
    const audit = createMemoryAudit([
      submitted,
      toEventRecord(event, 'sweep-1'),
      toEventRecord(event, 'sweep-2'),
    ]);
    const now = () => new Date('2026-01-15T13:00:00.000Z');
    const range = { limit: 20, rawCursor: undefined };
    const page = await readJobAudit(record, range, { audit, now, deadline: FAR });
    expect(page.records.map(({ action, decision }) => [action, decision])).toEqual([
      ['submit-job', 'allow'],
      ['job.succeeded', 'event'],
    ]);
  });
});

describe('the audit’s record of an end that Jobgate itself asks for', () => {
  it('names the rule and the job, and nobody who asked', () => {
    const record = makeRecord();
    expect(toSweepRecord({ rule: 'max-runtime', jobId: record.id, record }, SWEEP)).toMatchObject({
      id: `${record.id}:max-runtime`,
      timestamp: START,
      action: 'sweep-jobs',
      decision: 'allow',
      rule: 'max-runtime',
      correlationId: 'correlation-1',
      caller: null,
      template: 'tidy',
      jobId: record.id,
    });
  });

  it('counts once for one end, and once for each time that a cancellation is repeated', () => {
    const record = makeRecord();
    const [first, second] = ['sweep-1', 'sweep-2'].map((requestId) => ({ ...SWEEP, requestId }));
    const idOf = (rule: SweepRule, sweep = SWEEP): string =>
      toSweepRecord({ rule, jobId: record.id, record }, sweep).id;
    for (const rule of ['max-runtime', 'max-cost', 'orphan'] as const) {
      expect(idOf(rule, first)).toBe(idOf(rule, second));
    }
    expect(idOf('cancel-again', first)).toBe(`${record.id}:cancel-again:sweep-1`);
    expect(idOf('cancel-again', second)).toBe(`${record.id}:cancel-again:sweep-2`);
  });

  it('names an orphan by its id alone', () => {
    const jobId = makeJobId();
    const orphan = toSweepRecord({ rule: 'orphan', jobId }, SWEEP);
    expect(orphan).toMatchObject({ id: `${jobId}:orphan`, rule: 'orphan', jobId, caller: null });
    expect(orphan).toMatchObject({ requestId: 'sweep-1', correlationId: 'sweep-1' });
    expect(orphan).not.toHaveProperty('template');
  });
});
