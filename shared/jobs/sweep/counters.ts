import { isTerminal, type JobId } from '../job.ts';
import type { LimitHold } from '../limit-hold.ts';
import type { LimitUse } from '../limits.ts';
import type { DueRecord, PageMark } from '../ports.ts';
import { forEach, type SweepWork } from './work.ts';

/** Milliseconds after which a record that was put is surely seen by a listing of the counters. */
const SETTLED_AFTER_MS = 60_000;

/**
 * Compares the counters of jobs that run at a time with the records, and mends what differs: it never does unless
 * somebody has changed the table by hand. Each change is on condition of the record itself, so that what the lists
 * tell late does no harm.
 */
export async function correctCounters(due: readonly DueRecord[], work: SweepWork): Promise<void> {
  const { order, ports, summary } = work;
  const active = due.filter(({ state }) => !isTerminal(state));
  const alive = new Set(active.map(({ id }) => id));
  const counted = new Map<string, ReadonlySet<JobId>>();
  for (const { key, holders } of await listCounters(work)) counted.set(key, new Set(holders));
  const dead = [...counted].flatMap(([key, holders]) =>
    [...holders].filter((id) => !alive.has(id)).map((id) => ({ key, id })),
  );
  await forEach(dead, work, {
    act: async ({ key, id }) => {
      if (await ports.records.releaseHolder(key, id, order.deadline)) summary.corrected += 1;
    },
    name: ({ id }) => ({ doing: 'count', jobId: id }),
  });
  await forEach(listMissing(active, counted, work), work, {
    act: async ({ id, hold }) => {
      if (await ports.records.restoreHolder(id, hold, order.deadline)) summary.corrected += 1;
    },
    name: ({ id }) => ({ doing: 'count', jobId: id }),
  });
}

function listMissing(
  active: readonly DueRecord[],
  counted: ReadonlyMap<string, ReadonlySet<JobId>>,
  { ports }: SweepWork,
): readonly { readonly id: JobId; readonly hold: LimitHold }[] {
  const settled = ports.now().getTime() - SETTLED_AFTER_MS;
  return active
    .filter(({ submittedAt }) => Date.parse(submittedAt) <= settled)
    .flatMap(({ id, holds }) =>
      holds
        .filter(({ limit, key }) => limit !== 'runs-per-day' && !isCounted(counted, key, id))
        .map((hold) => ({ id, hold })),
    );
}

function isCounted(
  counted: ReadonlyMap<string, ReadonlySet<JobId>>,
  key: string,
  id: JobId,
): boolean {
  return counted.get(key)?.has(id) === true;
}

async function listCounters({ order, ports }: SweepWork): Promise<readonly LimitUse[]> {
  const counters: LimitUse[] = [];
  let mark: PageMark = null;
  do {
    const page = await ports.records.listCounters(mark, order.deadline);
    counters.push(...page.counters);
    mark = page.next;
  } while (mark !== null);
  return counters;
}
