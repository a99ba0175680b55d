import type { JobRecord } from './job.ts';
import type { JobRecords } from './ports.ts';

/** Attempts to write over others who only note something on an unfinished record. */
const KEEP_ATTEMPTS = 4;

/**
 * Another writer that was first knows at least as much: its record is the answer, unless it still says `submitting`
 * of a job that is known to have come further, or has a start open that is known to have come to nothing.
 */
export async function keep(
  next: JobRecord,
  ports: { readonly records: JobRecords },
  deadline: Date,
): Promise<JobRecord> {
  let wanted = next;
  for (let attempt = 1; ; attempt += 1) {
    if ((await ports.records.replace(wanted, deadline)) === 'replaced') return wanted;
    const found = (await ports.records.find(next.id, deadline)) ?? wanted;
    const behind = found.state === 'submitting' && isFurther(next, found);
    if (!behind || attempt === KEEP_ATTEMPTS) return found;
    wanted = { ...next, version: found.version + 1, outbox: found.outbox };
  }
}

function isFurther(next: JobRecord, found: JobRecord): boolean {
  return next.state !== 'submitting' || (next.openStartAt === null && found.openStartAt !== null);
}
