import { Problem, type ProblemCode } from '../problem.ts';
import type { JobId } from './job.ts';

/** The sweep ends a record whose job never reaches Dataproc; one that did reach it is found under the same key. */
const LATER = ' After that, if it ended as job_lost, send the request with a new Idempotency-Key.';

/** What is known of the record when submitting fails, and so what its caller should do. */
const ADVICE = {
  recorded:
    ' The job is recorded: within 15 minutes the same request under the same Idempotency-Key finds and finishes it.' +
    LATER,
  ended:
    ' The job is recorded as failed. Once the cause is mended, send it with a new Idempotency-Key.',
  unsure:
    ' Whether the job is recorded is not known: send the same request under the same Idempotency-Key.',
} as const;

/** What to do where the general advice would mislead. */
const BY_CODE: Partial<Record<ProblemCode, string>> = {
  template_changed: '',
  credentials_refused:
    ' The job is recorded: if that is mended within 15 minutes, the same request under the same Idempotency-Key finishes it.' +
    LATER,
};

/** Which job a problem is about, the key that finds it, and what is known of its record. */
export interface Naming {
  readonly job: JobId;
  readonly idempotencyKey: string;
  readonly advice: keyof typeof ADVICE;
}

/** Nothing is lost: the problem names the job, the key that finds it, and what to do. */
export function namingJob(problem: Problem, { job, idempotencyKey, advice }: Naming): Problem {
  const detail = problem.detail + (BY_CODE[problem.code] ?? ADVICE[advice]);
  const extras = { ...problem.extras, job, idempotencyKey };
  return new Problem(problem.code, detail, extras, problem.cause);
}
