import { Problem } from '../../problem.ts';
import { listUnannounced } from '../announcement.ts';
import type { JobRecord, JobState } from '../job.ts';
import { deliverLeft } from '../outbox.ts';
import type { JobEvent } from '../ports.ts';
import { toEventRecord } from '../unasked.ts';
import type { SweepWork } from './work.ts';

/** Attempts to note on a record, over others who write it too, what was announced. */
const ATTEMPTS = 4;

/**
 * Announces the states that a job has come to, as events and in the audit, delivers what its outbox holds, and notes both
 * on the record. Until that is written they are due, and are told again: at least once, under one id. Whoever always
 * finds that others have written first leaves it to the next sweep.
 */
export async function settle(known: JobRecord, work: SweepWork): Promise<void> {
  const { order, ports, summary } = work;
  const told = await announce(known, work);
  let record = known;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const settled = await deliverLeft(record, order.deadline, ports);
    const fresh = told.filter((state) => !record.announced.includes(state));
    if (settled === record && fresh.length === 0) return;
    const announced = [...record.announced, ...fresh];
    const next = { ...settled, version: record.version + 1, announced };
    if ((await ports.records.replace(next, order.deadline)) === 'replaced') {
      summary.announced += fresh.length;
      if (fresh.length > 0) ports.onAnnounced(next, fresh);
      return;
    }
    const found = await ports.records.find(record.id, order.deadline);
    if (found === undefined) return;
    record = found;
  }
  summary.unfinished += 1;
}

/** Tells audit and events, and gives the states that both have taken. */
async function announce(record: JobRecord, work: SweepWork): Promise<readonly JobState[]> {
  const { order, ports, summary } = work;
  const events = listUnannounced(record).map((state) => toEvent(record, state));
  if (events.length === 0) return [];
  if (work.muted) {
    summary.unfinished += 1;
    return [];
  }
  try {
    for (const event of events) {
      await ports.record(toEventRecord(event, ports.requestId), order.deadline);
    }
    const refused = new Set(
      (await ports.events.publish(events, order.deadline)).map(({ id }) => id),
    );
    const taken = events.filter(({ id }) => !refused.has(id));
    summary.failed += refused.size;
    return taken.map(({ state }) => state);
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    work.muted = true;
    summary.failed += 1;
    ports.onTrouble({ doing: 'settle', jobId: record.id, thrown });
    return [];
  }
}

function toEvent(record: JobRecord, state: JobState): JobEvent {
  const entry = record.history.find((each) => each.state === state);
  return { id: `${record.id}:${state}`, state, at: entry?.at ?? record.checkedAt, record };
}
