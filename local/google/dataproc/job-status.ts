import { parseList, parseTable, parseText, ShapeError, type Table } from '../shape.ts';
import { parseDate, toTimestamp } from '../api/timestamp.ts';
import type { PlainMessage } from '../api/transcoding.ts';

const states = [
  'PENDING',
  'SETUP_DONE',
  'RUNNING',
  'CANCEL_PENDING',
  'CANCEL_STARTED',
  'CANCELLED',
  'DONE',
  'ERROR',
  'ATTEMPT_FAILURE',
] as const;

/** The states of a job, in the words of JobStatus.State. */
export type JobState = (typeof states)[number];

/** One entry of a job's history, or its present. */
export interface JobStatus {
  readonly state: JobState;
  readonly details: string;
  readonly since: Date;
  /** Whether a running job waits for its driver to be started. */
  readonly queued: boolean;
}

/** Makes the google.cloud.dataproc.v1.JobStatus. */
export function toStatusMessage({ state, details, since, queued }: JobStatus): PlainMessage {
  const substate = queued ? { substate: 'QUEUED' } : {};
  return { state, details, stateStartTime: toTimestamp(since), ...substate };
}

/** Parses the statuses of a document. @throws ShapeError */
export function parseStatuses(value: unknown, where: string): readonly JobStatus[] {
  return parseList(value, where, (item, place) => {
    const table = parseTable(item, place, ['state', 'details', 'since', 'queued']);
    return {
      state: parseState(table, place),
      details: String(table['details']),
      since: parseDate(table['since'], `${place}.since`),
      queued: table['queued'] === true,
    };
  });
}

function parseState(table: Table, where: string): JobState {
  const text = parseText(table['state'], `${where}.state`);
  const state = states.find((known) => known === text);
  if (state === undefined) throw new ShapeError(`${where}.state is not a state of a job`);
  return state;
}
