import type { JobId, JobRecord } from '../../shared/jobs/job.ts';
import type { JobRecords } from '../../shared/jobs/ports.ts';
import type { SubmitRequest, SubmitTarget } from '../../shared/jobs/submission.ts';
import { submitJob, type SubmitResult } from '../../shared/jobs/submit.ts';
import { Problem, toProblem } from '../../shared/problem.ts';
import { ANALYST } from './callers.ts';
import { createClock, FAR, type FakeClock } from './clock.ts';
import { makeAuditRecord } from './audit-records.ts';
import { createGuardRecorder, type GuardRecorder } from './guards.ts';
import { createMemoryGateway, type MemoryGateway } from './memory-gateway.ts';
import { createMemoryRecords, type MemoryRecords } from './memory-records.ts';
import { ANALYTICS } from './targets.ts';
import { TIDY } from './templates.ts';

/** The id of the job that {@link SUBMISSION} asks for. */
export const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;

/** A submission that passed every check. */
export const SUBMISSION: SubmitRequest = {
  caller: ANALYST,
  template: TIDY,
  parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
  labels: { team: 'blue' },
  maxRuntimeSeconds: 900,
  cost: null,
  retryOf: null,
  limits: TIDY.limits,
  idempotencyKey: 'key-1',
  rawBody: { template: 'tidy', parameters: { input: 'gs://inputs/open/a.csv' } },
  correlationId: 'correlation-1',
  deadline: FAR,
  tellsUsage: false,
  describe: (about) =>
    makeAuditRecord({ ...about, id: about.replayed ? 'decision-of-replay' : 'decision-1' }),
};

/** Submitting over memory. */
export interface Submitting {
  readonly clock: FakeClock;
  readonly gateway: MemoryGateway;
  readonly records: MemoryRecords;
  readonly audit: GuardRecorder;
  /** What was told when a record was durable: its state, the batches there were, and whether it was a replay. */
  readonly told: readonly string[];
  /** Submits the sample request with changes, into another store if one is given. */
  readonly submit: (changes?: Partial<SubmitRequest>, store?: JobRecords) => Promise<SubmitResult>;
  readonly refuse: (changes?: Partial<SubmitRequest>) => Promise<Problem>;
  readonly stored: () => JobRecord | undefined;
}

/** Makes an empty engine, an empty store and a clock that stands still. */
export function createSubmitting(target: SubmitTarget = ANALYTICS): Submitting {
  const clock = createClock();
  const gateway = createMemoryGateway();
  const records = createMemoryRecords();
  const audit = createGuardRecorder();
  const told: string[] = [];
  const submit = (
    changes: Partial<SubmitRequest> = {},
    store: JobRecords = records,
  ): Promise<SubmitResult> =>
    submitJob(
      { ...SUBMISSION, ...changes },
      {
        deployment: 'jobgate-prod',
        target,
        gateway,
        records: store,
        record: audit.guard.record,
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
    audit,
    told,
    submit,
    refuse: (changes) => submit(changes).then(failExpected, toProblem),
    stored: () => records.all()[0],
  };
}

/** Fails a test that expected a refusal. */
export function failExpected(): never {
  throw new Error('the submission was not refused');
}

/** Nobody knows whether the engine did the work. */
export const TIMEOUT = new Problem('upstream_timeout', 'Dataproc did not answer in time.', {
  upstream: 'Dataproc',
  retryAfter: 5,
});
/** As {@link TIMEOUT}, by another road. */
export const CUT = new Problem('upstream_error', 'Dataproc cut the connection.');
/** The engine did not do the work and never will. */
export const REFUSED = new Problem('upstream_refused', 'Dataproc refused the request.', {
  upstream: 'Dataproc',
});
