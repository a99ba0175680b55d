import { Problem } from '../problem.ts';
import { namingJob } from './advice.ts';
import { fingerprint } from './canonical-json.ts';
import type { JobRecord } from './job.ts';
import { toUpstreamLabels } from './labels.ts';
import { explainLimit } from './limit-refusal.ts';
import type { LimitUse } from './limits.ts';
import {
  deliver,
  deliverLeft,
  recordOnJob,
  settleOutbox,
  type StoredOutboxPorts,
} from './outbox.ts';
import type { PutOutcome, UpstreamJob } from './ports.ts';
import { adoptUpstream, endRecord, takeUpstream } from './progress.ts';
import {
  toJobId,
  toRecord,
  toSubmission,
  type SubmitPorts,
  type SubmitRequest,
  type SubmittedBefore,
  type SubmitWork,
} from './submission.ts';

/** The job, and whether it was there before. */
export interface SubmitResult {
  readonly record: JobRecord;
  readonly replayed: boolean;
  /** How much of its limits is used, by key, of a new job; undefined when it could not be read. */
  readonly usage?: ReadonlyMap<string, LimitUse> | undefined;
}

/**
 * Submits a job exactly once: the record is put first and only if absent, then the batch is created under the same id,
 * so that a repeated request, whatever was lost before, finds the same job. The audit record of the permission is put
 * together with it, and taken off again by the write that follows, once the audit has it.
 * @throws Problem `limit_reached`; `idempotency_key_reused`; `template_changed` for a repeated request whose template is another one
 * by now and whose job never reached Dataproc; upstream problems, after which the record stays `submitting` for a retry,
 * unless the refusal was definite and ended it as `failed`.
 */
export async function submitJob(request: SubmitRequest, ports: SubmitPorts): Promise<SubmitResult> {
  const record = toRecord(request, ports);
  const put = await putRecord(record, request, ports);
  if (put.kind === 'exists') return resume(put.record, record, { request, ports });
  if (put.kind === 'limited') {
    throw await explainLimit(record, put.reached, { deadline: request.deadline, ports });
  }
  ports.onRecorded(record, false);
  const delivery = deliver(record.outbox, request.deadline, ports);
  const [submitted, usage] = await Promise.all([
    submitUpstream(record, delivery, { request, ports }),
    findUsage(record, request.deadline, ports),
  ]);
  return { record: submitted, replayed: false, usage };
}

/** Reads how much is used beside the submission, which takes longer; what cannot be read is not told. */
async function findUsage(
  { holds }: JobRecord,
  deadline: Date,
  { records }: SubmitPorts,
): Promise<SubmitResult['usage']> {
  try {
    return await records.findUsage(
      holds.map(({ key }) => key),
      deadline,
    );
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** A put that failed may have gone through: its problem names the key, which alone makes a repetition safe. */
async function putRecord(
  record: JobRecord,
  request: SubmitRequest,
  ports: SubmitPorts,
): Promise<PutOutcome> {
  try {
    return await ports.records.putIfAbsent(record, request.deadline);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw namingJob(error, {
      job: record.id,
      idempotencyKey: request.idempotencyKey,
      advice: 'unsure',
    });
  }
}

/** Finds the job of a request that was sent before, body for body, and has left `submitting`; undefined otherwise. */
export async function findSubmittedBefore(
  request: SubmittedBefore,
  ports: Pick<SubmitPorts, 'deployment' | 'records'>,
): Promise<JobRecord | undefined> {
  const jobId = toJobId(request, ports.deployment);
  const record = await ports.records.find(jobId, request.deadline);
  if (record?.state === 'submitting') return undefined;
  return record?.fingerprint === fingerprint(request.rawBody) ? record : undefined;
}

async function resume(
  existing: JobRecord,
  asked: JobRecord,
  work: SubmitWork,
): Promise<SubmitResult> {
  if (existing.fingerprint !== asked.fingerprint) {
    throw new Problem(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another body. Send the first body again, or use a new key.',
      { job: existing.id },
    );
  }
  const recorded = await recordReplay(existing, work.request, work.ports);
  work.ports.onRecorded(recorded, true);
  const record = await takeOver(recorded, work);
  if (record.state !== 'submitting') return { record, replayed: true };
  const delivery = Promise.resolve(record.outbox);
  return { record: await submitUpstream(record, delivery, work), replayed: true };
}

/**
 * Records that a job was asked for again, and delivers what is left on its item from before.
 * @throws Problem `upstream_unavailable` when it can be recorded nowhere.
 */
export async function recordReplay(
  existing: JobRecord,
  request: Pick<SubmitRequest, 'describe' | 'deadline'>,
  ports: StoredOutboxPorts,
): Promise<JobRecord> {
  const { describe, deadline } = request;
  const decision = describe({ jobId: existing.id, replayed: true });
  const recorded = await recordOnJob(existing, decision, { deadline, ports });
  return recorded.state === 'submitting' ? recorded : settleOutbox(recorded, deadline, ports);
}

/** Milliseconds after which an unfinished record is marked before it is worked on again; parallel requests are younger. */
const MARK_AFTER_MS = 60_000;

/** Marks an old unfinished record as being worked on, so that nobody counts its job as lost meanwhile. */
async function takeOver(record: JobRecord, { request, ports }: SubmitWork): Promise<JobRecord> {
  const now = ports.now();
  const old = now.getTime() - Date.parse(record.checkedAt) >= MARK_AFTER_MS;
  if (record.state !== 'submitting' || !old) return record;
  const settled = await deliverLeft(record, request.deadline, ports);
  const next = { ...settled, version: record.version + 1, checkedAt: now.toISOString() };
  return keep(next, ports, request.deadline);
}

/** What starting led to: the record's next version, and the definite refusal that ended it, if there was one. */
interface Started {
  readonly next: JobRecord;
  readonly refusal?: Problem;
}

/** Starts the job while its outbox is delivered; `delivery` gives what is left of it. */
async function submitUpstream(
  record: JobRecord,
  delivery: Promise<JobRecord['outbox']>,
  work: SubmitWork,
): Promise<JobRecord> {
  const { request, ports } = work;
  const named = { job: record.id, idempotencyKey: request.idempotencyKey };
  let started: Started;
  let kept: JobRecord;
  try {
    const [start, outbox] = await Promise.allSettled([startJob(record, work), delivery]);
    if (start.status === 'rejected') throw start.reason;
    if (outbox.status === 'rejected') throw outbox.reason;
    started = start.value;
    kept = await keep({ ...started.next, outbox: outbox.value }, ports, request.deadline);
  } catch (error) {
    throw error instanceof Problem ? namingJob(error, { ...named, advice: 'recorded' }) : error;
  }
  if (started.refusal === undefined || kept.state !== 'failed') return kept;
  throw namingJob(started.refusal, { ...named, advice: 'ended' });
}

/** Only a refusal of the submission itself is definite: after it, nothing of this id runs. */
async function startJob(record: JobRecord, work: SubmitWork): Promise<Started> {
  const { request, ports } = work;
  if (record.templateDigest !== request.template.digest) return adopt(record, work);
  try {
    const outcome = await ports.gateway.submit(toSubmission(record, work));
    if (outcome.kind === 'accepted') return { next: takeUpstream(record, ports.now()) };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'upstream_refused') throw error;
    return refuse(record, error, ports);
  }
  return adopt(record, work);
}

function refuse(record: JobRecord, refusal: Problem, ports: SubmitPorts): Started {
  return { next: endRecord(record, toSubmissionError(refusal), ports.now()), refusal };
}

/** The id is taken upstream: it is ours only if its labels name this very record. */
async function adopt(record: JobRecord, work: SubmitWork): Promise<Started> {
  const { ports } = work;
  const upstream = await findSubmitted(record, work);
  if (upstream === undefined) throw explainAbsence(record, work);
  const ours = toUpstreamLabels(record, ports.deployment);
  if (Object.entries(ours).every(([name, value]) => upstream.labels[name] === value)) {
    return { next: adoptUpstream(record, upstream, ports.now()) };
  }
  const detail = 'Another job has this id in Dataproc; it is not Jobgate’s.';
  return refuse(record, new Problem('upstream_refused', detail), ports);
}

/** Looks at the job as the account that submitted it. To be refused the look says nothing about the job. */
async function findSubmitted(
  record: JobRecord,
  work: SubmitWork,
): Promise<UpstreamJob | undefined> {
  try {
    return await work.ports.gateway.find({
      jobId: record.id,
      target: record.target.name,
      account: record.submitterAccount,
      deadline: work.request.deadline,
    });
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'upstream_refused') throw error;
    const detail = 'Dataproc refused to show the job that has this id.';
    throw new Problem('upstream_error', detail, error.extras, error.cause);
  }
}

function explainAbsence(record: JobRecord, { request }: SubmitWork): Problem {
  if (record.templateDigest === request.template.digest) {
    return new Problem('upstream_error', 'Dataproc says that the job exists and does not find it.');
  }
  return new Problem(
    'template_changed',
    `The job was recorded for version ${record.templateVersion} of ${record.template}, which is gone, and has not reached Dataproc. Use a new Idempotency-Key.`,
  );
}

/** Attempts to write over others who only note something on an unfinished record. */
const KEEP_ATTEMPTS = 4;

/**
 * Another writer that was first knows at least as much: its record is the answer, unless it still says `submitting`
 * of a job that is known to have come further.
 */
async function keep(next: JobRecord, ports: SubmitPorts, deadline: Date): Promise<JobRecord> {
  let wanted = next;
  for (let attempt = 1; ; attempt += 1) {
    if ((await ports.records.replace(wanted, deadline)) === 'replaced') return wanted;
    const found = (await ports.records.find(next.id, deadline)) ?? wanted;
    const behind = found.state === 'submitting' && next.state !== 'submitting';
    if (!behind || attempt === KEEP_ATTEMPTS) return found;
    wanted = { ...next, version: found.version + 1, outbox: found.outbox };
  }
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
