import { seeJob } from '../browse.ts';
import { isTerminal, JOB_STATES, type JobRecord, type RecordState } from '../job.ts';
import { isOurs, toOwn } from '../ours.ts';
import type { DueRecord, UpstreamJob } from '../ports.ts';
import { toReference } from '../reference.ts';
import { toCapReason } from '../cap-reason.ts';
import {
  contradicts,
  enforceCap,
  isOverdue,
  isOverspending,
  isOversized,
  isUnheard,
  repeatCancel,
} from './cap.ts';
import { attempt, type SweepWork, type TargetListing } from './work.ts';

/**
 * Brings one record of an active job up to date, and gives it as it is stored then; undefined when there was nothing to do.
 * A listing of active jobs spares the look at each of them; whoever is not on it has ended, or the listing lags behind, and
 * is looked at. Without a listing nothing is said of a job.
 */
export async function sweepActive(
  entry: DueRecord,
  listing: TargetListing,
  work: SweepWork,
): Promise<JobRecord | undefined> {
  if (!isToBeSeen(entry, listing.jobs.get(entry.id), work)) return undefined;
  const record = await work.ports.records.find(entry.id, work.order.deadline);
  if (record === undefined || isTerminal(record.state)) return record;
  return see(record, listing, work);
}

/** Milliseconds for which a request that has just been recorded, or taken up again, is left to finish by itself. */
const UNDER_WAY_MS = 60_000;

function isToBeSeen(
  entry: DueRecord,
  listed: UpstreamJob | undefined,
  { ports }: SweepWork,
): boolean {
  const now = ports.now();
  const silentMs = now.getTime() - Date.parse(entry.checkedAt);
  if (listed === undefined) return entry.state !== 'submitting' || silentMs >= UNDER_WAY_MS;
  if (entry.missingSince !== null || tellsMore(listed, entry)) return true;
  if (isOversized(listed, entry.mostMilliDcu)) return true;
  return isOverdue({ ...entry, startedAt: listed.startedAt }, now) || contradicts(entry, listed);
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
  const { order, ports, summary } = work;
  const told = await tell(record, listing, work);
  if (told === undefined) return record;
  const seen = told.isNews
    ? await seeJob(record, told.upstream, { deadline: order.deadline, ports })
    : record;
  if (seen.state !== record.state) summary.updated += 1;
  if (told.upstream === undefined || isTerminal(seen.state)) return seen;
  const end = chooseEnd(seen, told.upstream, work);
  if (end === undefined) return seen;
  const task = { doing: 'cap', jobId: seen.id, target: seen.target.name } as const;
  return (await attempt(end, task, work)) ?? seen;
}

/** How the end of a job is asked for; undefined when there is no reason to. */
function chooseEnd(
  seen: JobRecord,
  upstream: UpstreamJob,
  work: SweepWork,
): (() => Promise<JobRecord>) | undefined {
  const now = work.ports.now();
  if (isOverdue(seen, now)) return () => enforceCap(seen, toCapReason(seen), work);
  if (isOverspending(seen, upstream, now)) return () => enforceCap(seen, 'max_cost_reached', work);
  if (contradicts(seen, upstream) && isUnheard(seen, now)) return () => repeatCancel(seen, work);
  return undefined;
}

/** What is known of a job upstream, and whether its record does not say so yet. */
interface Told {
  readonly upstream: UpstreamJob | undefined;
  readonly isNews: boolean;
}

/** Undefined when nothing can be said: what a listing shows is not lost, though a look misses it. */
async function tell(
  record: JobRecord,
  listing: TargetListing,
  work: SweepWork,
): Promise<Told | undefined> {
  const listed = listing.jobs.get(record.id);
  if (listed !== undefined && isEnough(listed, record, work)) {
    return { upstream: listed, isNews: isNewer(listed, record, listing) };
  }
  const upstream = await look(record, work);
  const contradictory = upstream === undefined && listed !== undefined;
  if (contradictory && record.state !== 'submitting') return undefined;
  return { upstream, isNews: true };
}

/** A listing does for a job whose record it can be trusted about; another is looked at by itself. */
function isEnough(listed: UpstreamJob, record: JobRecord, { ports }: SweepWork): boolean {
  if (record.missingSince !== null) return false;
  return record.state !== 'submitting' || isOurs(listed, record, ports.deployment);
}

/** Whoever has looked since the listing began knows more than it. */
function isNewer(listed: UpstreamJob, record: JobRecord, { at }: TargetListing): boolean {
  if (record.state === 'submitting') return true;
  return Date.parse(record.checkedAt) <= at.getTime() && tellsMore(listed, record);
}

async function look(record: JobRecord, work: SweepWork): Promise<UpstreamJob | undefined> {
  const { order, ports, summary } = work;
  summary.looked += 1;
  const { deployment, readerOf } = ports;
  const account = readerOf(record.target.name);
  const { deadline } = order;
  const found = await ports.gateway.find(toReference(record, { deployment, account, deadline }));
  return toOwn(found, record, deployment);
}
