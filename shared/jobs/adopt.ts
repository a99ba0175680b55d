import { Problem } from '../problem.ts';
import type { JobRecord } from './job.ts';
import type { Lesson } from './keep.ts';
import { isOurs } from './ours.ts';
import type { UpstreamJob } from './ports.ts';
import { adoptUpstream, endRecord } from './progress.ts';
import { toReference } from './reference.ts';
import type { SubmitPorts, SubmitWork } from './submission.ts';

/** What starting led to: what the record has to say of it, and what the caller is told if it did not go well. */
export interface Started {
  readonly learn: Lesson;
  readonly problem?: Problem;
}

/** The id is taken upstream: it is ours only if its labels name this very record. */
export async function adopt(record: JobRecord, work: SubmitWork): Promise<Started> {
  const upstream = await findSubmitted(record, work);
  if (upstream === undefined) throw explainAbsence(record, work);
  return adoptFound(record, upstream, work.ports);
}

/** A submission was refused that is not the first of its job: what a request of before has started runs all the same. */
export async function adoptOrRefuse(
  record: JobRecord,
  refusal: Problem,
  work: SubmitWork,
): Promise<Started> {
  const upstream = await findSubmitted(record, work);
  if (upstream === undefined) return refuse(refusal, work.ports);
  return adoptFound(record, upstream, work.ports);
}

/** What was found upstream, or a refusal when that is somebody else's. */
export function adoptFound(record: JobRecord, upstream: UpstreamJob, ports: SubmitPorts): Started {
  const now = ports.now();
  if (isOurs(upstream, record, ports.deployment)) {
    return { learn: (each) => adoptUpstream(each, upstream, now) };
  }
  const detail = 'Another job has this id in Dataproc; it is not Jobgate’s.';
  return refuse(new Problem('upstream_refused', detail), ports);
}

/** Looks at the job as the account that submitted it. To be refused the look says nothing about the job. */
export async function findSubmitted(
  record: JobRecord,
  work: SubmitWork,
): Promise<UpstreamJob | undefined> {
  const { gateway, deployment } = work.ports;
  const { deadline } = work.request;
  const account = record.submitterAccount;
  try {
    return await gateway.find(toReference(record, { deployment, account, deadline }));
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'upstream_refused') throw error;
    const detail = 'Dataproc refused to show the job that has this id.';
    throw new Problem('upstream_error', detail, { ...error.extras, ...AGAIN }, error.cause);
  }
}

/** What a look says a moment later may be another thing. */
const AGAIN = { upstream: 'Dataproc', retryAfter: 5 } as const;

/** Why a job that should be there cannot be adopted. */
export function explainAbsence(record: JobRecord, { request }: SubmitWork): Problem {
  if (record.templateDigest === request.template.digest) {
    const detail = 'Dataproc says that the job exists and does not find it.';
    return new Problem('upstream_error', detail, AGAIN);
  }
  return new Problem(
    'template_changed',
    `The job was recorded for version ${record.templateVersion} of ${record.template}, which is gone, and has not reached Dataproc. Use a new Idempotency-Key.`,
  );
}

/** A definite refusal: nothing of this id runs, and the record ends as failed. */
export function refuse(problem: Problem, ports: SubmitPorts): Started {
  const now = ports.now();
  const error = toSubmissionError(problem);
  return { learn: (each) => ({ ...endRecord(each, error, now), openStartAt: null }), problem };
}

function toSubmissionError(problem: Problem): JobRecord['error'] {
  return {
    class: 'platform',
    code: 'submission_refused',
    message: problem.detail,
    retryable: false,
    logTail: [],
  };
}
