import { toDeploymentLabels } from '../labels.ts';
import { isTerminal, type JobId, type JobRecord } from '../job.ts';
import type { DueRecord, PageMark } from '../ports.ts';
import { toDueRecord } from '../due.ts';
import { correctCounters } from './counters.ts';
import { sweepActive } from './due.ts';
import { sweepOrphans } from './orphans.ts';
import { settle } from './settle.ts';
import {
  endBy,
  forEach,
  type SweepOrder,
  type SweepPorts,
  type SweepSummary,
  type SweepWork,
  type TargetListing,
} from './work.ts';

/**
 * Brings the records up to date with Dataproc, whoever watches or does not: jobs that have ended, jobs that are still on
 * their way, jobs that have had their time, and jobs that no living record knows. What a record says is announced, and
 * what its outbox holds is delivered. Every step may be cut off, done twice, or done by two sweeps at once.
 * @throws upstream problems when the records that are due cannot be listed; what goes wrong with one job is counted.
 */
export async function runSweep(order: SweepOrder, ports: SweepPorts): Promise<SweepSummary> {
  const work: SweepWork = { order, ports, summary: { ...NOTHING }, muted: false };
  const listing = endAfter(work, LISTED_AFTER);
  const looking = endAfter(work, LOOKED_AFTER);
  const due = await listDue(work);
  count(due, work.summary);
  const listings = await listTargets(listing);
  const oldest = [...due].sort((one, other) => one.checkedAt.localeCompare(other.checkedAt));
  const active = oldest.filter(({ state }) => !isTerminal(state));
  const [seen] = await Promise.all([
    sweepAll(active, listings, looking),
    sweepOrphans(listings, new Set(active.map(({ id }) => id)), looking),
  ]);
  await settleAll(oldest, seen, work);
  if (order.corrects) await correctAll(due, work);
  return work.summary;
}

/**
 * Shares of a sweep's time after which the targets are listed, and jobs looked at and ended, or not: 20 and 40 of 50
 * seconds. What is left needs no Google: a Google that does not answer keeps nothing from being told.
 */
const LISTED_AFTER = 0.4;
const LOOKED_AFTER = 0.8;

function endAfter(work: SweepWork, share: number): SweepWork {
  const { order, ports } = work;
  const nowMs = ports.now().getTime();
  return endBy(work, new Date(nowMs + share * (order.deadline.getTime() - nowMs)));
}

/** Counts apart what goes wrong: only some sweeps compare counters, so that it is lost among the figures of all. */
async function correctAll(due: readonly DueRecord[], work: SweepWork): Promise<void> {
  const { summary } = work;
  const before = summary.failed + summary.unfinished;
  await forEach([due], work, {
    act: (all) => correctCounters(all, work),
    name: () => ({ doing: 'count' }),
  });
  summary.uncorrected = summary.failed + summary.unfinished - before;
}

/**
 * Looks at the active jobs first, whose time may be over: what is to be told can wait. Each target has a lane of its own:
 * one that is slow to answer keeps nobody from looking at the jobs of the others.
 */
async function sweepAll(
  active: readonly DueRecord[],
  listings: ReadonlyMap<string, TargetListing>,
  work: SweepWork,
): Promise<ReadonlyMap<JobId, JobRecord>> {
  const seen = new Map<JobId, JobRecord>();
  await forEach(active, work, {
    act: async (entry) => {
      const listing = listings.get(entry.target);
      if (listing === undefined) {
        requireTarget(entry, work);
        return;
      }
      const record = await sweepActive(entry, listing, work);
      if (record !== undefined) seen.set(entry.id, record);
    },
    name: ({ id, target }) => ({ doing: 'look', jobId: id, target }),
    lane: ({ target }) => target,
  });
  return seen;
}

/** A job whose target is gone is nobody's to look at until the target is back, and that must be told. */
function requireTarget({ target }: DueRecord, { ports }: SweepWork): void {
  if (ports.targets.includes(target)) return;
  throw new Error('the job’s target is not configured any more');
}

async function settleAll(
  due: readonly DueRecord[],
  seen: ReadonlyMap<JobId, JobRecord>,
  work: SweepWork,
): Promise<void> {
  const { order, ports } = work;
  const unsettled = due.filter(
    ({ id, unannounced, undelivered }) => unannounced || undelivered || seen.has(id),
  );
  await forEach(unsettled, work, {
    act: async ({ id }) => {
      const record = seen.get(id) ?? (await ports.records.find(id, order.deadline));
      if (record !== undefined) await settle(record, work);
    },
    name: ({ id, target }) => ({ doing: 'settle', jobId: id, target }),
  });
}

const NOTHING: SweepSummary = {
  due: 0,
  active: 0,
  submitting: 0,
  listed: 0,
  looked: 0,
  updated: 0,
  announced: 0,
  capped: 0,
  orphans: 0,
  strangers: 0,
  unlisted: 0,
  corrected: 0,
  uncorrected: null,
  failed: 0,
  unfinished: 0,
};

/** Lists each target that can be listed; without its listing nothing is said of a target's jobs. */
async function listTargets(work: SweepWork): Promise<ReadonlyMap<string, TargetListing>> {
  const { order, ports, summary } = work;
  const listings = new Map<string, TargetListing>();
  let whole = 0;
  await forEach(ports.targets, work, {
    act: async (target) => {
      const at = ports.now();
      const { jobs, complete } = await ports.gateway.listActive({
        target,
        account: ports.readerOf(target),
        labels: toDeploymentLabels(ports.deployment),
        deadline: order.deadline,
      });
      summary.listed += jobs.length;
      if (complete) whole += 1;
      listings.set(target, { at, jobs: new Map(jobs.map((job) => [job.jobId, job])) });
    },
    name: (target) => ({ doing: 'list', target }),
    lane: (target) => target,
  });
  summary.unlisted = ports.targets.length - whole;
  return listings;
}

async function listDue(work: SweepWork): Promise<readonly DueRecord[]> {
  const { order, ports } = work;
  const due = new Map<JobId, DueRecord>();
  const unread = new Set<JobId>();
  let mark: PageMark = null;
  do {
    const page = await ports.records.listDue(mark, order.deadline);
    for (const record of page.records) due.set(record.id, record);
    for (const id of page.unread) unread.add(id);
    mark = page.next;
  } while (mark !== null);
  await forEach([...unread], work, {
    act: async (id) => {
      const record = await ports.records.find(id, order.deadline);
      const entry = record === undefined ? undefined : toDueRecord(record);
      if (entry !== undefined) due.set(id, entry);
    },
    name: (id) => ({ doing: 'look', jobId: id }),
  });
  return [...due.values()];
}

function count(due: readonly DueRecord[], summary: SweepSummary): void {
  summary.due = due.length;
  summary.active = due.filter(({ state }) => !isTerminal(state)).length;
  summary.submitting = due.filter(({ state }) => state === 'submitting').length;
}
