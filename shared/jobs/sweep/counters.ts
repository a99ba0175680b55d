import { isTerminal, type JobId } from '../job.ts';
import type { LimitHold } from '../limit-hold.ts';
import type { DueRecord, LimitHolders, PageMark } from '../ports.ts';
import { forEach, isLate, type SweepWork } from './work.ts';

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
  const held = new Map<string, readonly LimitHold[]>(active.map(({ id, holds }) => [id, holds]));
  const holds = (holder: string, key: string): boolean =>
    held.get(holder)?.some((hold) => hold.key === key) === true;
  const counted = new Map<string, ReadonlySet<string>>();
  const counters = await listCounters(work);
  if (counters === undefined) return;
  for (const { key, holders } of counters) counted.set(key, new Set(holders));
  const dead = [...counted].flatMap(([key, holders]) =>
    [...holders].filter((holder) => !holds(holder, key)).map((holder) => ({ key, holder })),
  );
  await forEach(dead, work, {
    act: async ({ key, holder }) => {
      if (await ports.records.releaseHolder(key, holder, order.deadline)) summary.corrected += 1;
    },
    name: () => ({ doing: 'count' }),
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
  counted: ReadonlyMap<string, ReadonlySet<string>>,
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
  counted: ReadonlyMap<string, ReadonlySet<string>>,
  key: string,
  id: JobId,
): boolean {
  return counted.get(key)?.has(id) === true;
}

/** Undefined when there is no time for all of them: half a list would not say who is missing. */
async function listCounters(work: SweepWork): Promise<readonly LimitHolders[] | undefined> {
  const { order, ports, summary } = work;
  const counters: LimitHolders[] = [];
  let mark: PageMark = null;
  do {
    if (isLate(work)) {
      summary.unfinished += 1;
      return undefined;
    }
    const page = await ports.records.listCounters(mark, order.deadline);
    counters.push(...page.counters);
    mark = page.next;
  } while (mark !== null);
  return counters;
}
