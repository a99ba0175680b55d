import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capRun } from '../../../shared/cost/estimate.ts';
import { toJobEventDetail } from '../../../shared/events/job-event-detail.ts';
import { JOB_STATES, type JobRecord } from '../../../shared/jobs/job.ts';
import { makeEvent } from '../../support/job-events.ts';
import { compileSchema } from '../../support/json-schemas.ts';

const SCHEMA = 'shared/events/job-event.schema.json';
const isClosed = compileSchema(SCHEMA, { closed: true });
const PUBLIC_URL = 'https://api.example/prod';

const { cost: PRICED } = capRun({
  properties: {},
  region: 'us-central1',
  maxRuntimeSeconds: 1800,
  maxCost: { amount: '5.00', currency: 'USD' },
});

const FAILED: Partial<JobRecord> = {
  state: 'failed',
  reason: 'driver_failed',
  startedAt: '2026-01-15T12:00:30.000Z',
  endedAt: '2026-01-15T12:02:00.000Z',
  cost: PRICED,
  error: {
    class: 'user_code',
    code: 'driver_failed',
    message: 'The program said: secret row 17.',
    retryable: false,
    logTail: ['secret row 17'],
  },
};

/** The detail as it arrives, and what its schema says against it. */
function tell(event = makeEvent()): {
  readonly detail: object;
  readonly faults: readonly unknown[];
} {
  const detail = JSON.parse(JSON.stringify(toJobEventDetail(event, PUBLIC_URL))) as object;
  return { detail, faults: isClosed(detail) ? [] : (isClosed.errors ?? []) };
}

describe('the detail of an event', () => {
  it.each(JOB_STATES)('has the published shape for a job that is %s', (state) => {
    expect(tell(makeEvent({ state })).faults).toEqual([]);
  });

  it('says who ran what, how it ended, what it cost and where to look', () => {
    const event = makeEvent(FAILED, { at: '2026-01-15T12:02:00.000Z' });
    const { detail, faults } = tell(event);
    expect(faults).toEqual([]);
    const { id } = event.record;
    expect(detail).toMatchObject({
      id: `${id}:failed`,
      job: id,
      state: 'failed',
      at: '2026-01-15T12:02:00.000Z',
      reason: 'driver_failed',
      submittedBy: { issuer: 'https://issuer.example', subject: 'ana', actor: null },
      endedAt: '2026-01-15T12:02:00.000Z',
      target: { name: 'analytics', kind: 'batch', region: 'us-central1' },
      cost: { currency: 'USD', accrued: { basis: 'upper_bound' } },
      error: { class: 'user_code', code: 'driver_failed', retryable: false },
      links: { self: `https://api.example/prod/v1/jobs/${id}` },
    });
  });

  it('holds no parameter, no output and no message of a program', () => {
    const parameters = { input: 'gs://inputs/secret-input.csv' };
    const text = JSON.stringify(tell(makeEvent({ ...FAILED, parameters })).detail);
    expect(text).not.toContain('secret');
    expect(text).not.toContain('gs://');
  });

  it('keeps what came later to the later event', () => {
    const cost = { currency: 'USD', estimate: { high: PRICED.high }, accrued: null };
    const late = { reason: null, endedAt: null, error: null, cost };
    const running = tell(makeEvent(FAILED, { state: 'running' }));
    expect(running.detail).toMatchObject({ ...late, startedAt: '2026-01-15T12:00:30.000Z' });
    const queued = tell(makeEvent(FAILED, { state: 'queued' }));
    expect(queued.detail).toMatchObject({ ...late, startedAt: null });
    expect([...running.faults, ...queued.faults]).toEqual([]);
  });

  it('stays within a tenth of what one call may hold, whatever the names are', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 256 });
    const label = fc.stringMatching(/^[a-z][a-z0-9_-]{0,62}$/);
    fc.assert(
      fc.property(
        fc.record({ issuer: name, subject: name, client: name, actor: fc.option(name) }),
        fc.dictionary(label, label, { maxKeys: 12 }),
        (submittedBy, labels) => {
          const { detail } = tell(makeEvent({ ...FAILED, submittedBy, labels }));
          expect(Buffer.byteLength(JSON.stringify(detail))).toBeLessThan(25_600);
        },
      ),
    );
  });
});
