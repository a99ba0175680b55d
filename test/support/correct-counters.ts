import type { DueRecord, LimitHolders, PageMark, SweepRecords } from '../../shared/jobs/ports.ts';
import { runSweep } from '../../shared/jobs/sweep/run.ts';
import { createSweeping } from './sweeping.ts';

/** Milliseconds after which the sweep counts a record that was put among those that every listing shows. */
const SETTLED_AFTER_MS = 60_000;

/** Reads every page of a listing. */
export async function readAll<T>(
  list: (after: PageMark) => Promise<{ readonly entries: readonly T[]; readonly next: PageMark }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let after: PageMark = null, more = true; more; more = after !== null) {
    const { entries, next } = await list(after);
    all.push(...entries);
    after = next;
  }
  return all;
}

/** Reads every record that is due. */
export function readAllDue(records: SweepRecords, deadline: Date): Promise<readonly DueRecord[]> {
  return readAll(async (after) => {
    const page = await records.listDue(after, deadline);
    return { entries: page.records, next: page.next };
  });
}

/** Reads every counter that is listed. */
export function readAllCounters(
  records: SweepRecords,
  deadline: Date,
): Promise<readonly LimitHolders[]> {
  return readAll(async (after) => {
    const page = await records.listCounters(after, deadline);
    return { entries: page.counters, next: page.next };
  });
}

/** Sweeps a store whose jobs’ targets are gone, and so does nothing with them but put their counters right and announce. */
export async function correctCounters(records: SweepRecords, deadline: Date): Promise<void> {
  const { clock, ports, troubles } = createSweeping();
  clock.advance(SETTLED_AFTER_MS);
  await runSweep({ deadline, corrects: true }, { ...ports, records, targets: [] });
  for (const { doing, thrown } of troubles) if (doing !== 'look') throw thrown;
}
