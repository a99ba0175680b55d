import { seeJob } from '../browse.ts';
import { isTerminal, JOB_STATES, type JobRecord, type RecordState } from '../job.ts';
import { toUpstreamLabels } from '../labels.ts';
import type { DueRecord, UpstreamJob } from '../ports.ts';
import { enforceCap, isOverdue } from './cap.ts';
import { settle } from './settle.ts';
import type { SweepWork, TargetListing } from './work.ts';

/**
 * Does what is to be done for one record. A listing of active jobs spares the look at each of them; whoever is not on it
 * has ended, or the listing lags behind, and is looked at. Without a listing, only what is recorded is settled.
 */
export async function sweepDue(
  entry: DueRecord,
  listing: TargetListing | undefined,
  work: SweepWork,
): Promise<void> {
  const listed = listing?.jobs.get(entry.id);
  const looks =
    !isTerminal(entry.state) && listing !== undefined && isToBeSeen(entry, listed, work);
  if (!looks && !entry.unannounced && !entry.undelivered) return;
  const record = await work.ports.records.find(entry.id, work.order.deadline);
  if (record === undefined) return;
  const seen = looks ? await see(record, listing, work) : record;
  await settle(seen, work);
}

/** Milliseconds for which a request that has just been recorded, or taken up again, is left to finish by itself. */
const UNDER_WAY_MS = 60_000;

function isToBeSeen(
  entry: DueRecord,
  listed: UpstreamJob | undefined,
  { ports }: SweepWork,
): boolean {
  const now = ports.now();
  if (listed !== undefined)
    return tellsMore(listed, entry) || isOverdue({ ...entry, startedAt: listed.startedAt }, now);
  return (
    entry.state !== 'submitting' || now.getTime() - Date.parse(entry.checkedAt) >= UNDER_WAY_MS
  );
}

/** A listing may lag behind what the record knows already: it never takes a job back to an earlier state. */
function tellsMore(listed: UpstreamJob, known: Pick<JobRecord, 'state' | 'waitReason'>): boolean {
  const [told, before] = [toRank(listed.state), toRank(known.state)];
  const waits = listed.state === 'queued' && listed.waitReason !== null;
  return told > before || (told === before && waits && listed.waitReason !== known.waitReason);
}

function toRank(state: RecordState): number {
  return JOB_STATES.findIndex((each) => each === state);
}

async function see(record: JobRecord, listing: TargetListing, work: SweepWork): Promise<JobRecord> {
  if (isTerminal(record.state)) return record;
  const { order, ports, summary } = work;
  const listed = listing.jobs.get(record.id);
  const known = listed ?? (await look(record, work));
  const tells = listed === undefined || isNews(listed, record, { listing, work });
  const seen = tells ? await seeJob(record, known, { deadline: order.deadline, ports }) : record;
  if (seen.state !== record.state) summary.updated += 1;
  return known !== undefined && isOverdue(seen, ports.now()) ? enforceCap(seen, work) : seen;
}

/** Whoever has looked since the listing began knows more than it. */
function isNews(
  listed: UpstreamJob,
  record: JobRecord,
  { listing, work }: { readonly listing: TargetListing; readonly work: SweepWork },
): boolean {
  if (record.state === 'submitting') return isOurs(listed, record, work);
  return Date.parse(record.checkedAt) <= listing.at.getTime() && tellsMore(listed, record);
}

async function look(record: JobRecord, work: SweepWork): Promise<UpstreamJob | undefined> {
  const { order, ports, summary } = work;
  summary.looked += 1;
  const found = await ports.gateway.find({
    jobId: record.id,
    target: record.target.name,
    account: ports.readerOf(record.target.name),
    deadline: order.deadline,
    handle: record.handle,
    labels: toUpstreamLabels(record, ports.deployment),
  });
  const taken =
    found !== undefined && record.state === 'submitting' && !isOurs(found, record, work);
  return taken ? undefined : found;
}

/** A job on its way is adopted only when its labels name this very record. */
function isOurs({ labels }: UpstreamJob, record: JobRecord, { ports }: SweepWork): boolean {
  const ours = Object.entries(toUpstreamLabels(record, ports.deployment));
  return ours.every(([name, value]) => labels[name] === value);
}
