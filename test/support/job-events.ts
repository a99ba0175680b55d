import type { JobRecord, JobState } from '../../shared/jobs/job.ts';
import type { JobEvent } from '../../shared/jobs/ports.ts';
import { START } from './clock.ts';
import { makeRecord } from './job-records.ts';

/** Makes the event of a record's state, or of one that it was in before. */
export function makeEvent(
  changes: Partial<JobRecord> = {},
  told: { readonly state?: JobState; readonly at?: string } = {},
): JobEvent {
  const record = makeRecord({ state: 'running', ...changes });
  const state = told.state ?? toState(record);
  return { id: `${record.id}:${state}`, state, at: told.at ?? START, record };
}

function toState({ state }: JobRecord): JobState {
  return state === 'submitting' ? 'queued' : state;
}
