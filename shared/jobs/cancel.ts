import type { AuditRecord } from '../policy/audit-record.ts';
import { Problem } from '../problem.ts';
import { isTerminal, type JobRecord } from './job.ts';
import { toOwn } from './ours.ts';
import { recordOnJob, type StoredOutboxPorts } from './outbox.ts';
import type { JobGateway, JobReference, UpstreamJob } from './ports.ts';
import {
  adoptUpstream,
  cancelUnstarted,
  endIfLost,
  markCancelling,
  type CancelReason,
} from './progress.ts';
import { toReference } from './reference.ts';
import { startsOnce } from './start-once.ts';

/** A request to end a job that its caller may end. */
export interface CancelRequest {
  /** The audit's record of the permission. */
  readonly decision: AuditRecord;
  /** What the record will give as the reason of the job's end. */
  readonly reason: CancelReason;
  readonly deadline: Date;
}

/** What cancelling needs from outside; `operatorOf` names the account of a target that may cancel there. */
export interface CancelPorts extends StoredOutboxPorts {
  readonly deployment: string;
  readonly gateway: JobGateway;
  readonly operatorOf: (target: string) => string;
}

interface CancelWork {
  readonly request: CancelRequest;
  readonly ports: CancelPorts;
}

/**
 * Asks for a job's end, and gives its record: `cancelling`, or as it ended. Why is noted before Dataproc is asked, and
 * that the job is cancelling after it, so that a lost answer is mended by asking again, and a job that ends meanwhile keeps
 * the end that it came to.
 * @throws Problem `job_submitting` while a job may still be on its way to Dataproc; `upstream_unavailable` when the
 * permission can be recorded nowhere; upstream problems.
 */
export async function cancelJob(
  known: JobRecord,
  request: CancelRequest,
  ports: CancelPorts,
): Promise<JobRecord> {
  const { deadline } = request;
  const record = await recordOnJob(known, request.decision, { deadline, ports });
  if (isTerminal(record.state)) return record;
  const work = { request, ports };
  const upstream = await find(record, work);
  if (upstream === undefined) return cancelUnknown(record, work);
  if (isTerminal(upstream.state) || upstream.state === 'cancelling') {
    return write(record, work, (each) => conclude(each, upstream, work));
  }
  const noted = await note(record, work);
  return isTerminal(noted.state) ? noted : cancelUpstream(noted, upstream, work);
}

async function find(record: JobRecord, work: CancelWork): Promise<UpstreamJob | undefined> {
  const { gateway, deployment } = work.ports;
  return toOwn(await gateway.find(toOperated(record, work)), record, deployment);
}

/** Whoever sees that the job is cancelled, and writes it first, has its reason from here. */
async function note(record: JobRecord, work: CancelWork): Promise<JobRecord> {
  if (record.cancelReason !== null) return record;
  const { reason } = work.request;
  return write(record, work, (each) => ({ ...each, cancelReason: each.cancelReason ?? reason }));
}

async function cancelUpstream(
  record: JobRecord,
  upstream: UpstreamJob,
  work: CancelWork,
): Promise<JobRecord> {
  const { ports } = work;
  const outcome = await ports.gateway.cancel(upstream, toOperated(record, work));
  if (outcome === 'requested') {
    const { reason } = work.request;
    return write(record, work, (each) =>
      markCancelling(see(each, upstream, ports), reason, ports.now()),
    );
  }
  const again = await find(record, work);
  if (again === undefined || !(isTerminal(again.state) || again.state === 'cancelling')) {
    throw trouble(record, 'Dataproc does not take the cancellation at this moment. Try again.');
  }
  return write(record, work, (each) => conclude(each, again, work));
}

/** Milliseconds after which no request can be under way any more that would still start the job. */
const SUBMITTED_WITHIN_MS = 120_000;

/**
 * A job that Dataproc does not know is cancelled without it only if nobody can be starting it: none has for longer than
 * requests last, or its start is known to be closed and whoever would open it has to write the record first.
 */
async function cancelUnknown(record: JobRecord, work: CancelWork): Promise<JobRecord> {
  const now = work.ports.now();
  if (record.state !== 'submitting') {
    const kept = await write(record, work, (each) => missIfUnseen(each, record, now));
    if (isTerminal(kept.state)) return kept;
    throw trouble(record, 'Dataproc does not find the job at this moment. Try again.');
  }
  const lost = endIfLost(record, now);
  const silentMs = now.getTime() - Date.parse(record.checkedAt);
  const certain = startsOnce(record)
    ? record.openStartAt === null
    : silentMs >= SUBMITTED_WITHIN_MS;
  if (certain) return writeOver(record, cancelUnstarted(record, now), work);
  if (lost !== record) return writeOver(record, lost, work);
  throw submitting(record);
}

/** That a look missed the job says nothing once another look has been written, which may have found it. */
function missIfUnseen(stored: JobRecord, known: JobRecord, now: Date): JobRecord {
  const looked =
    stored.state !== known.state ||
    stored.missingSince !== known.missingSince ||
    stored.checkedAt !== known.checkedAt;
  return looked ? stored : endIfLost(stored, now);
}

/** Another writer means that the job is being started after all. */
async function writeOver(
  record: JobRecord,
  next: JobRecord,
  { request, ports }: CancelWork,
): Promise<JobRecord> {
  if ((await ports.records.replace(next, request.deadline)) === 'replaced') return next;
  const found = await ports.records.find(record.id, request.deadline);
  if (found !== undefined && isTerminal(found.state)) return found;
  throw submitting(record);
}

const RETRY_AFTER_SECONDS = 5;

function submitting(record: JobRecord): Problem {
  const detail = 'The job is on its way to Dataproc, where it cannot be stopped yet. Try again.';
  return new Problem('job_submitting', detail, { job: record.id, retryAfter: RETRY_AFTER_SECONDS });
}

function trouble(record: JobRecord, detail: string): Problem {
  const extras = { upstream: 'Dataproc', job: record.id, retryAfter: RETRY_AFTER_SECONDS };
  return new Problem('upstream_error', detail, extras);
}

/** Attempts to write over others who look at the job at the same time. */
const ATTEMPTS = 4;

/** Writes what is known now over whatever version is stored, unless that has ended or there is nothing to change. */
async function write(
  known: JobRecord,
  { request, ports }: CancelWork,
  change: (record: JobRecord) => JobRecord,
): Promise<JobRecord> {
  let record = known;
  for (let attempt = 1; ; attempt += 1) {
    const changed = change(record);
    if (changed === record) return record;
    const next = { ...changed, version: record.version + 1 };
    if ((await ports.records.replace(next, request.deadline)) === 'replaced') return next;
    record = (await ports.records.find(record.id, request.deadline)) ?? record;
    if (isTerminal(record.state)) return record;
    if (attempt === ATTEMPTS) throw trouble(record, 'Others write the job’s record. Try again.');
  }
}

/** A job that is being cancelled already was asked for its end before, by a request that may not have lived to say so. */
function conclude(
  record: JobRecord,
  upstream: UpstreamJob,
  { request, ports }: CancelWork,
): JobRecord {
  const seen = see(record, upstream, ports);
  return isTerminal(seen.state) ? seen : markCancelling(seen, request.reason, ports.now());
}

function see(record: JobRecord, upstream: UpstreamJob, ports: CancelPorts): JobRecord {
  return adoptUpstream(record, upstream, ports.now());
}

function toOperated(record: JobRecord, { request, ports }: CancelWork): JobReference {
  const { deployment, operatorOf } = ports;
  const account = operatorOf(record.target.name);
  return toReference(record, { deployment, account, deadline: request.deadline });
}
