import type { JobRecord } from './job.ts';
import type { JobRecords } from './ports.ts';

/** What was learnt of a job, as the change of its record: it holds for any version that still waits for it. */
export type Lesson = (record: JobRecord) => JobRecord;

/** Attempts to write over others who only note something on an unfinished record. */
const KEEP_ATTEMPTS = 4;

/**
 * Writes what was learnt of a job that was on its way, and gives its record as it is stored then. Another writer that was
 * first knows at least as much: its record is the answer, unless it still says `submitting` of a job that is known to
 * have come further, or has the very start open that is known to have come to nothing. Then what was learnt is written
 * over what that one noted.
 */
export async function keep(
  known: JobRecord,
  learn: Lesson,
  { records, deadline }: { readonly records: JobRecords; readonly deadline: Date },
): Promise<JobRecord> {
  let record = known;
  for (let attempt = 1; ; attempt += 1) {
    const next = learn(record);
    if ((await records.replace(next, deadline)) === 'replaced') return next;
    const found = (await records.find(known.id, deadline)) ?? next;
    const behind = found.state === 'submitting' && isFurther(next, known, found);
    if (!behind || attempt === KEEP_ATTEMPTS) return found;
    record = found;
  }
}

/** Who has closed a start unheard may find the start of somebody who came after: that one is open. */
function isFurther(next: JobRecord, known: JobRecord, found: JobRecord): boolean {
  if (next.state !== 'submitting') return true;
  const closes = next.openStartAt === null && known.openStartAt !== null;
  return closes && found.openStartAt === known.openStartAt;
}

/** Writes the next version of a record, and gives it as it is stored then: another writer that was first comes before. */
export async function replaceOrRead(
  next: JobRecord,
  { records, deadline }: { readonly records: JobRecords; readonly deadline: Date },
): Promise<JobRecord> {
  if ((await records.replace(next, deadline)) === 'replaced') return next;
  return (await records.find(next.id, deadline)) ?? next;
}
