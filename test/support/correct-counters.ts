import type { DueRecord, LimitHolders, PageMark, SweepRecords } from '../../shared/jobs/ports.ts';

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

/** Puts counters right as the sweep does: by what is listed, which may be behind, under the store's own conditions. */
export async function correctCounters(records: SweepRecords, deadline: Date): Promise<void> {
  const due = await readAllDue(records, deadline);
  const counters = await readAllCounters(records, deadline);
  const listed = new Map(counters.map(({ key, holders }) => [key, new Set(holders)]));
  const holding = (id: string, key: string): boolean =>
    due.some((record) => record.id === id && record.holds.some((hold) => hold.key === key));
  for (const { key, holders } of counters) {
    for (const holder of holders) {
      if (!holding(holder, key)) await records.releaseHolder(key, holder, deadline);
    }
  }
  for (const { id, holds } of due) {
    for (const hold of holds) {
      const counted = listed.get(hold.key)?.has(id) ?? false;
      if (!counted) await records.restoreHolder(id, hold, deadline);
    }
  }
}
