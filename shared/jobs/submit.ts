import { isOwnJob } from '../policy/decision.ts';
import { Problem } from '../problem.ts';
import {
  adopt,
  adoptFound,
  adoptOrRefuse,
  explainAbsence,
  findSubmitted,
  refuse,
  type Started,
} from './adopt.ts';
import { namingJob } from './advice.ts';
import { fingerprint } from './canonical-json.ts';
import type { JobRecord } from './job.ts';
import { keep, replaceOrRead } from './keep.ts';
import { explainLimit } from './limit-refusal.ts';
import type { LimitUse } from './limits.ts';
import {
  deliver,
  deliverLeft,
  recordOnJob,
  settleOutbox,
  type StoredOutboxPorts,
} from './outbox.ts';
import type { PutOutcome } from './ports.ts';
import { endIfLost, takeUpstream } from './progress.ts';
import { claimStart, closeStart, isUnstarted, startsOnce } from './start-once.ts';
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
  /** How much of its limits is used, by key, of a new job; undefined when nobody asked or it could not be read. */
  readonly usage?: ReadonlyMap<string, LimitUse> | undefined;
}

/**
 * Submits a job exactly once: the record is put first and only if absent, then the batch is created under the same id,
 * so that a repeated request, whatever was lost before, finds the same job. The audit record of the permission is put
 * together with it, and taken off again by the write that follows, once the audit has it. A workflow, which no id keeps
 * from running twice, is started under the record's own lease: see start-once.ts.
 * @throws Problem `limit_reached`; `idempotency_key_reused`; `template_changed` for a repeated request whose template is another one
 * by now and whose job never reached Dataproc; upstream problems, after which the record stays `submitting` for a retry,
 * unless the refusal was definite and ended it as `failed`.
 */
export async function submitJob(request: SubmitRequest, ports: SubmitPorts): Promise<SubmitResult> {
  const record = toRecord(request, ports);
  const { name } = ports.target;
  const { deadline } = request;
  ports.gateway.prepare({ target: name, account: record.submitterAccount, deadline });
  const put = await putRecord(record, request, ports);
  if (put.kind === 'exists') return resume(put.record, record, { request, ports });
  if (put.kind === 'limited') {
    throw await explainLimit(record, put.reached, { caller: request.caller, deadline, ports });
  }
  ports.onRecorded(record, false);
  const delivery = deliver(record.outbox, deadline, ports);
  const [submitted, usage] = await Promise.all([
    submitUpstream(record, { delivery, repeated: false }, { request, ports }),
    findUsage(record, { request, ports }),
  ]);
  return { record: submitted, replayed: false, usage };
}

/**
 * Reads how much is used for who asks, beside the submission, which takes longer: the transaction that counted cannot
 * tell. What cannot be read is not told.
 */
async function findUsage(
  { holds }: JobRecord,
  { request: { tellsUsage, deadline }, ports: { records } }: SubmitWork,
): Promise<SubmitResult['usage']> {
  if (!tellsUsage) return undefined;
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

/** Finds the caller's own job of a request that was sent before, body for body, and has left `submitting`; undefined otherwise. */
export async function findSubmittedBefore(
  request: SubmittedBefore,
  ports: Pick<SubmitPorts, 'deployment' | 'records'>,
): Promise<JobRecord | undefined> {
  const jobId = toJobId(request, ports.deployment);
  const record = await ports.records.find(jobId, request.deadline);
  if (record === undefined || record.state === 'submitting') return undefined;
  if (!isOwnJob(request.caller, record)) return undefined;
  return record.fingerprint === fingerprint(request.rawBody) ? record : undefined;
}

/** Says that an idempotency key belongs to the job of another body. */
export function explainReuse({ id }: Pick<JobRecord, 'id'>): Problem {
  return new Problem(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another body. Send the first body again, or use a new key.',
    { job: id },
  );
}

async function resume(
  existing: JobRecord,
  asked: JobRecord,
  work: SubmitWork,
): Promise<SubmitResult> {
  // The id holds who calls; that it is theirs does not hang on that alone.
  if (!isOwnJob(work.request.caller, existing)) {
    const detail = 'This Idempotency-Key names a job that is not yours. Use a new key.';
    throw new Problem('idempotency_key_reused', detail);
  }
  if (existing.fingerprint !== asked.fingerprint) throw explainReuse(existing);
  const recorded = await recordReplay(existing, work.request, work.ports);
  work.ports.onRecorded(recorded, true);
  if (startsOnce(recorded)) return { record: await resumeOnce(recorded, work), replayed: true };
  const record = await takeOver(recorded, work);
  if (record.state !== 'submitting') return { record, replayed: true };
  const attempt = { delivery: Promise.resolve(record.outbox), repeated: true };
  return { record: await submitUpstream(record, attempt, work), replayed: true };
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
  return replaceOrRead(next, { records: ports.records, deadline: request.deadline });
}

/** Takes up the start of a job that must not be started twice: only where no start is open, and none is found. */
async function resumeOnce(record: JobRecord, work: SubmitWork): Promise<JobRecord> {
  if (record.state !== 'submitting') return record;
  const { request, ports } = work;
  const upstream = await nameFailure(record, work, () => findSubmitted(record, work));
  if (upstream !== undefined) {
    const started = adoptFound(record, upstream, ports);
    return conclude(started, { record, kept: await learn(record, started, work) }, work);
  }
  if (record.openStartAt !== null) return waitForStart(record, work);
  if (record.templateDigest !== request.template.digest) {
    throw toNamed(explainAbsence(record, work), record, work);
  }
  const claimed = claimStart(record, ports.now());
  if ((await ports.records.replace(claimed, request.deadline)) === 'conflict') {
    return (await ports.records.find(record.id, request.deadline)) ?? record;
  }
  const attempt = { delivery: Promise.resolve(claimed.outbox), repeated: true };
  return submitUpstream(claimed, attempt, work);
}

/** A start whose outcome is not known is found later, or its outcome stays unknown for good. */
async function waitForStart(record: JobRecord, { request, ports }: SubmitWork): Promise<JobRecord> {
  const next = endIfLost(record, ports.now());
  if (next === record) return record;
  return replaceOrRead(next, { records: ports.records, deadline: request.deadline });
}

/** An attempt to start a job. */
interface Attempt {
  /** Gives what is left of the outbox. */
  readonly delivery: Promise<JobRecord['outbox']>;
  /** Whether a request of before may have started the job. */
  readonly repeated: boolean;
}

/** Starts the job while its outbox is delivered. */
async function submitUpstream(
  record: JobRecord,
  { delivery, repeated }: Attempt,
  work: SubmitWork,
): Promise<JobRecord> {
  const { started, kept } = await nameFailure(record, work, async () => {
    const starting = startJob(record, work, { repeated });
    const [start, outbox] = await Promise.allSettled([starting, delivery]);
    if (start.status === 'rejected') throw start.reason;
    if (outbox.status === 'rejected') throw outbox.reason;
    const delivered = { ...record, outbox: outbox.value };
    return { started: start.value, kept: await learn(delivered, start.value, work) };
  });
  return conclude(started, { record, kept }, work);
}

function learn(record: JobRecord, started: Started, work: SubmitWork): Promise<JobRecord> {
  const { ports, request } = work;
  return keep(record, started.learn, { records: ports.records, deadline: request.deadline });
}

/** The record as it is stored, unless it says what went wrong: then the caller is told that. */
function conclude(
  started: Started,
  { record, kept }: { readonly record: JobRecord; readonly kept: JobRecord },
  work: SubmitWork,
): JobRecord {
  const { problem } = started;
  if (problem === undefined || kept.state !== started.learn(record).state) return kept;
  throw toNamed(problem, kept, work);
}

async function nameFailure<T>(
  record: JobRecord,
  work: SubmitWork,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof Problem ? toNamed(error, record, work) : error;
  }
}

function toNamed(problem: Problem, record: JobRecord, { request }: SubmitWork): Problem {
  const { idempotencyKey } = request;
  const advice = record.state === 'failed' ? 'ended' : 'recorded';
  return namingJob(problem, { job: record.id, idempotencyKey, advice });
}

/**
 * Only a refusal of the submission itself is definite: after it, nothing of this id runs. Of a repeated one it says nothing
 * about the request before, which may have got through unseen: then the job is looked for.
 */
async function startJob(
  record: JobRecord,
  work: SubmitWork,
  { repeated }: Pick<Attempt, 'repeated'>,
): Promise<Started> {
  const { request, ports } = work;
  if (record.templateDigest !== request.template.digest) return adopt(record, work);
  try {
    const outcome = await ports.gateway.submit(toSubmission(record, work));
    if (outcome.kind === 'accepted') {
      const now = ports.now();
      return { learn: (each) => takeUpstream(each, now, outcome.handle ?? null) };
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'upstream_refused') {
      return repeated ? adoptOrRefuse(record, error, work) : refuse(error, ports);
    }
    if (record.openStartAt === null || !isUnstarted(error)) throw error;
    return { learn: closeStart, problem: error };
  }
  return adopt(record, work);
}
