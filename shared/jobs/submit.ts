import type { Caller } from '../identity/caller.ts';
import { Problem } from '../problem.ts';
import type { Parameters } from '../templates/parameters.ts';
import { renderProgram, toOutputUri } from '../templates/render.ts';
import type { Template } from '../templates/template.ts';
import { namingJob } from './advice.ts';
import { fingerprint } from './canonical-json.ts';
import { deriveJobId, type JobId, type JobRecord } from './job.ts';
import { toUpstreamLabels } from './labels.ts';
import type { JobGateway, JobRecords, PutOutcome, Submission, UpstreamJob } from './ports.ts';
import { adoptUpstream, endRecord, takeUpstream } from './progress.ts';

/** A request that passed every check: identity, policy, schema. */
export interface SubmitRequest {
  readonly caller: Caller;
  readonly template: Template;
  readonly parameters: Parameters;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxRuntimeSeconds: number;
  readonly idempotencyKey: string;
  /** The body as sent, before defaults. */
  readonly rawBody: unknown;
  readonly correlationId: string;
  readonly deadline: Date;
}

/** Where a job runs. */
export interface SubmitTarget {
  readonly name: string;
  readonly project: string;
  readonly region: string;
  readonly stagingBucket: string;
}

/** What submitting needs from outside. */
export interface SubmitPorts {
  readonly deployment: string;
  readonly target: SubmitTarget;
  readonly gateway: JobGateway;
  readonly records: JobRecords;
  readonly now: () => Date;
  /** Told once the record is durable, before Dataproc is called. */
  readonly onRecorded: (record: JobRecord, replayed: boolean) => void;
}

/** The job, and whether it was there before. */
export interface SubmitResult {
  readonly record: JobRecord;
  readonly replayed: boolean;
}

/**
 * Submits a job exactly once: the record is put first and only if absent, then the batch is created under the same id,
 * so that a repeated request, whatever was lost before, finds the same job.
 * @throws Problem `idempotency_key_reused`; `template_changed` for a repeated request whose template is another one
 * by now and whose job never reached Dataproc; upstream problems, after which the record stays `submitting` for a retry,
 * unless the refusal was definite and ended it as `failed`.
 */
export async function submitJob(request: SubmitRequest, ports: SubmitPorts): Promise<SubmitResult> {
  const record = toRecord(request, ports);
  const put = await putRecord(record, request, ports);
  if (put.kind === 'exists') return resume(put.record, record, { request, ports });
  ports.onRecorded(record, false);
  return { record: await submitUpstream(record, { request, ports }), replayed: false };
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

/** What names a request that was sent before. */
export type SubmittedBefore = Pick<
  SubmitRequest,
  'caller' | 'template' | 'idempotencyKey' | 'rawBody' | 'deadline'
>;

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

interface Work {
  readonly request: SubmitRequest;
  readonly ports: SubmitPorts;
}

async function resume(existing: JobRecord, asked: JobRecord, work: Work): Promise<SubmitResult> {
  if (existing.fingerprint !== asked.fingerprint) {
    throw new Problem(
      'idempotency_key_reused',
      'This Idempotency-Key was used for another body. Send the first body again, or use a new key.',
      { job: existing.id },
    );
  }
  work.ports.onRecorded(existing, true);
  const record = await takeOver(existing, work);
  if (record.state !== 'submitting') return { record, replayed: true };
  return { record: await submitUpstream(record, work), replayed: true };
}

/** Milliseconds after which an unfinished record is marked before it is worked on again; parallel requests are younger. */
const MARK_AFTER_MS = 60_000;

/** Marks an old unfinished record as being worked on, so that nobody counts its job as lost meanwhile. */
async function takeOver(record: JobRecord, { request, ports }: Work): Promise<JobRecord> {
  const now = ports.now();
  const old = now.getTime() - Date.parse(record.checkedAt) >= MARK_AFTER_MS;
  if (record.state !== 'submitting' || !old) return record;
  const next = { ...record, version: record.version + 1, checkedAt: now.toISOString() };
  return keep(next, ports, request.deadline);
}

/** What starting led to: the record's next version, and the definite refusal that ended it, if there was one. */
interface Started {
  readonly next: JobRecord;
  readonly refusal?: Problem;
}

async function submitUpstream(record: JobRecord, work: Work): Promise<JobRecord> {
  const { request, ports } = work;
  const named = { job: record.id, idempotencyKey: request.idempotencyKey };
  let started: Started;
  let kept: JobRecord;
  try {
    started = await start(record, work);
    kept = await keep(started.next, ports, request.deadline);
  } catch (error) {
    throw error instanceof Problem ? namingJob(error, { ...named, advice: 'recorded' }) : error;
  }
  if (started.refusal === undefined || kept.state !== 'failed') return kept;
  throw namingJob(started.refusal, { ...named, advice: 'ended' });
}

/** Only a refusal of the submission itself is definite: after it, nothing of this id runs. */
async function start(record: JobRecord, work: Work): Promise<Started> {
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
async function adopt(record: JobRecord, work: Work): Promise<Started> {
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
async function findSubmitted(record: JobRecord, work: Work): Promise<UpstreamJob | undefined> {
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

function explainAbsence(record: JobRecord, { request }: Work): Problem {
  if (record.templateDigest === request.template.digest) {
    return new Problem('upstream_error', 'Dataproc says that the job exists and does not find it.');
  }
  return new Problem(
    'template_changed',
    `The job was recorded for version ${record.templateVersion} of ${record.template}, which is gone, and has not reached Dataproc. Use a new Idempotency-Key.`,
  );
}

/** Another writer that was first knows at least as much: its record is the answer. */
async function keep(next: JobRecord, ports: SubmitPorts, deadline: Date): Promise<JobRecord> {
  const outcome = await ports.records.replace(next, deadline);
  if (outcome === 'replaced') return next;
  return (await ports.records.find(next.id, deadline)) ?? next;
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

function toSubmission(record: JobRecord, { request, ports }: Work): Submission {
  const { stagingBucket } = ports.target;
  return {
    jobId: record.id,
    program: renderProgram(request.template, record.parameters, {
      stagingBucket,
      jobId: record.id,
    }),
    target: record.target.name,
    submitterAccount: record.submitterAccount,
    runtimeAccount: record.runtimeAccount,
    maxRuntimeSeconds: record.maxRuntimeSeconds,
    labels: { ...record.labels, ...toUpstreamLabels(record, ports.deployment) },
    deadline: request.deadline,
  };
}

function toRecord(request: SubmitRequest, ports: SubmitPorts): JobRecord {
  const { caller, template } = request;
  const at = ports.now().toISOString();
  const id = toJobId(request, ports.deployment);
  const { name, project, region } = ports.target;
  return {
    id,
    version: 1,
    state: 'submitting',
    reason: null,
    waitReason: 'submitting',
    template: template.name,
    templateVersion: template.version,
    templateDigest: template.digest,
    submittedBy: {
      issuer: caller.issuer,
      subject: caller.subject,
      client: caller.client,
      actor: caller.actor,
    },
    submittedAt: at,
    startedAt: null,
    endedAt: null,
    checkedAt: at,
    history: [],
    parameters: request.parameters,
    labels: request.labels,
    correlationId: request.correlationId,
    retryOf: null,
    fingerprint: fingerprint(request.rawBody),
    target: { name, kind: 'batch', project, region },
    submitterAccount: template.submitter,
    runtimeAccount: template.runtimeAccount,
    maxRuntimeSeconds: request.maxRuntimeSeconds,
    outputUri: toOutputUri(template, id),
    driverOutputUri: null,
    error: null,
    expiresAtSeconds: null,
  };
}

function toJobId(request: SubmittedBefore, deployment: string): JobId {
  const { issuer, subject } = request.caller;
  const { idempotencyKey, template } = request;
  return deriveJobId({ deployment, issuer, subject, template: template.name, idempotencyKey });
}
