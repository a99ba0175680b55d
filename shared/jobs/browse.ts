import { decideReadData, decideSee, type Decision } from '../policy/decision.ts';
import { refuseData } from '../policy/refusal.ts';
import { Denial, Problem, type DenialGround } from '../problem.ts';
import type { Caller } from '../identity/caller.ts';
import type { Catalog } from '../templates/catalog.ts';
import { findTemplate } from '../templates/catalog.ts';
import { isTerminal, parseJobId, type JobRecord } from './job.ts';
import { toOwn } from './ours.ts';
import { adoptUpstream, endIfLost } from './progress.ts';
import { toReference } from './reference.ts';
import { deliverLeft, settleOutbox, type StoredOutboxPorts } from './outbox.ts';
import { readLogTail } from './output.ts';
import type { JobGateway, JobRecords, JobStorage, StorageAccess, UpstreamJob } from './ports.ts';

/** What looking at jobs needs from outside; `readerOf` names the reading account of a target. */
export interface BrowsePorts extends StoredOutboxPorts {
  readonly deployment: string;
  readonly gateway: JobGateway;
  readonly storage: JobStorage;
  /** How the target's reader reaches storage. */
  readonly accessOf: (target: string, deadline: Date) => StorageAccess;
  readonly readerOf: (target: string) => string;
}

/** Who looks at which job, until when. */
export interface BrowseRequest {
  readonly caller: Caller;
  readonly rawJobId: unknown;
  readonly deadline: Date;
}

/**
 * Gets a job that the caller may see, brought up to date.
 * @throws Problem `job_not_found` for an unknown job and for somebody else's alike; upstream problems.
 */
export async function getJob(request: BrowseRequest, ports: BrowsePorts): Promise<AllowedJob> {
  const { record, decision } = await findVisible(request, ports.records);
  return { record: await refreshJob(record, request.deadline, ports), decision };
}

/** A job that is shown to the caller, and the rule that allowed it. */
export interface AllowedJob {
  readonly record: JobRecord;
  readonly decision: Decision & { readonly kind: 'allow' };
}

/**
 * Finds a job whose log, results and files the caller may read, as it was last recorded.
 * @throws Problem `job_not_found`; `insufficient_scope` or `template_forbidden` for one who sees the job
 * but may not read its data.
 */
export async function findReadableJob(
  request: BrowseRequest,
  records: JobRecords,
  catalog: Catalog,
): Promise<AllowedJob> {
  const { record } = await findVisible(request, records);
  const template = findTemplate(catalog, record.template);
  const decision = decideReadData(request.caller, record, template);
  if (decision.kind === 'allow') return { record, decision };
  throw refuseData(request.caller, { template, audited: toAudited(record) }, decision);
}

/** As {@link findReadableJob}, brought up to date. @throws upstream problems too. */
export async function getReadableJob(
  request: BrowseRequest,
  ports: BrowsePorts,
  catalog: Catalog,
): Promise<AllowedJob> {
  const { record, decision } = await findReadableJob(request, ports.records, catalog);
  return { record: await refreshJob(record, request.deadline, ports), decision };
}

/** What the audit says of a job. */
export function toAudited(record: JobRecord): {
  readonly template: string;
  readonly templateVersion: string;
  readonly jobId: string;
} {
  const { id, template, templateVersion } = record;
  return { template, templateVersion, jobId: id };
}

function findVisible(request: BrowseRequest, records: JobRecords): Promise<AllowedJob> {
  return findJob(request, records, (record) => decideSee(request.caller, record));
}

/** Finds a job that a decision shows to the caller. @throws Problem `job_not_found` for all others alike. */
export async function findJob(
  request: BrowseRequest,
  records: JobRecords,
  decide: (record: JobRecord) => Decision,
): Promise<AllowedJob> {
  const jobId = parseJobId(request.rawJobId);
  const record = jobId === undefined ? undefined : await records.find(jobId, request.deadline);
  if (record === undefined) {
    throw notFound({ rule: 'no-such-job', ...(jobId === undefined ? {} : { jobId }) });
  }
  const decision = decide(record);
  if (decision.kind === 'allow') return { record, decision };
  const { rule, missing } = decision;
  throw notFound({ rule, missing, ...toAudited(record) });
}

/** The same words for a stranger's job and for none: only the audit tells them apart. */
function notFound(ground: DenialGround): Denial {
  return new Denial('job_not_found', 'No job of yours has this id.', ground);
}

/**
 * Asks Dataproc when the record is active and older than its interval; a terminal job never causes a call. What is left
 * in the outbox is delivered before the record is written anew, or at once when it never will be.
 */
export async function refreshJob(
  record: JobRecord,
  deadline: Date,
  ports: BrowsePorts,
): Promise<JobRecord> {
  if (isTerminal(record.state)) return settleOutbox(record, deadline, ports);
  if (isFresh(record, ports.now())) return record;
  const { deployment, readerOf } = ports;
  const account = readerOf(record.target.name);
  const upstream = await ports.gateway.find(toReference(record, { deployment, account, deadline }));
  return seeJob(record, toOwn(upstream, record, deployment), { deadline, ports });
}

/** Writes what a look at a job told: undefined that Dataproc does not know it. Gives the record as it is stored then. */
export async function seeJob(
  record: JobRecord,
  upstream: UpstreamJob | undefined,
  { deadline, ports }: { readonly deadline: Date; readonly ports: BrowsePorts },
): Promise<JobRecord> {
  const now = ports.now();
  const seen =
    upstream === undefined ? endIfLost(record, now) : adoptUpstream(record, upstream, now);
  if (seen === record) return record;
  const settled = await deliverLeft(seen, deadline, ports);
  const next = await withLogTail(settled, deadline, ports);
  const outcome = await ports.records.replace(next, deadline);
  if (outcome === 'replaced') return isTerminal(next.state) ? { ...next, holds: [] } : next;
  return (await ports.records.find(record.id, deadline)) ?? next;
}

/** A job that failed is recorded with what its driver printed last; a log that cannot be read does not hide the failure. */
async function withLogTail(
  record: JobRecord,
  deadline: Date,
  ports: BrowsePorts,
): Promise<JobRecord> {
  if (record.error === null || record.driverOutputUri === null) return record;
  const access = ports.accessOf(record.target.name, deadline);
  try {
    const logTail = await readLogTail(record, { storage: ports.storage, access, now: ports.now });
    return { ...record, error: { ...record.error, logTail } };
  } catch (error) {
    if (error instanceof Problem) return record;
    throw error;
  }
}

/** Milliseconds between looks: 1 s at first, 5 % of the job's age later, at most 30 s. Source: docs/architecture.md. */
function isFresh(record: JobRecord, now: Date): boolean {
  const ageMs = now.getTime() - Date.parse(record.submittedAt);
  const intervalMs = Math.min(30_000, Math.max(1_000, ageMs * 0.05));
  return now.getTime() - Date.parse(record.checkedAt) < intervalMs;
}
