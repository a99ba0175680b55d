import { listUnannounced } from './announcement.ts';
import { isTerminal, type JobRecord } from './job.ts';
import type { DueRecord } from './ports.ts';

/**
 * What the sweep has to know of a record; undefined when it is not due: the job has ended, its states were announced and
 * its audit records delivered. Nothing but the sweep sees to these, so no record that is due may be dropped.
 */
export function toDueRecord(record: JobRecord): DueRecord | undefined {
  const ended = isTerminal(record.state);
  const unannounced = listUnannounced(record).length > 0;
  const undelivered = record.outbox.length > 0;
  if (ended && !unannounced && !undelivered) return undefined;
  return {
    id: record.id,
    state: record.state,
    waitReason: record.waitReason,
    target: record.target.name,
    submittedAt: record.submittedAt,
    startedAt: record.startedAt,
    checkedAt: record.checkedAt,
    maxRuntimeSeconds: record.maxRuntimeSeconds,
    mostMilliDcu: record.cost?.basis.most.milliDcu ?? null,
    missingSince: record.missingSince,
    holds: ended ? [] : record.holds,
    unannounced,
    undelivered,
  };
}
