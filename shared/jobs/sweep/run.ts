import { toDeploymentLabels } from '../labels.ts';
import { isTerminal, type JobId } from '../job.ts';
import type { DueRecord, PageMark } from '../ports.ts';
import { toDueRecord } from '../due.ts';
import { correctCounters } from './counters.ts';
import { sweepDue } from './due.ts';
import { sweepOrphans } from './orphans.ts';
import {
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
  const work: SweepWork = { order, ports, summary: { ...NOTHING } };
  const listings = await listTargets(work);
  const due = await listDue(work);
  count(due, work.summary);
  const oldest = [...due].sort((one, other) => one.checkedAt.localeCompare(other.checkedAt));
  await forEach(oldest, work, {
    act: (entry) => sweepDue(entry, listings.get(entry.target), work),
    name: ({ id, target }) => ({ doing: 'look', jobId: id, target }),
  });
  const alive = due.filter(({ state }) => !isTerminal(state));
  await sweepOrphans(listings, new Set(alive.map(({ id }) => id)), work);
  if (order.corrects) await correctCounters(due, work);
  return work.summary;
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
  corrected: 0,
  failed: 0,
  unfinished: 0,
};

/** Lists each target that can be listed; without its listing nothing is said of a target's jobs. */
async function listTargets(work: SweepWork): Promise<ReadonlyMap<string, TargetListing>> {
  const { order, ports, summary } = work;
  const listings = new Map<string, TargetListing>();
  await forEach(ports.targets, work, {
    act: async (target) => {
      const at = ports.now();
      const { jobs } = await ports.gateway.listActive({
        target,
        account: ports.readerOf(target),
        labels: toDeploymentLabels(ports.deployment),
        deadline: order.deadline,
      });
      summary.listed += jobs.length;
      listings.set(target, { at, jobs: new Map(jobs.map((job) => [job.jobId, job])) });
    },
    name: (target) => ({ doing: 'list', target }),
  });
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
