import { JOB_STATES, type JobId } from '../jobs/job.ts';
import type { DueRecord } from '../jobs/ports.ts';
import { toMembers, type AttributeValue } from './attribute-value.ts';

/** What stands in the index of what is due, and only there: an item without `due` is not in it. */
export interface DueAttributes {
  readonly due: AttributeValue;
  /** A {@link DueRecord} without its id, as JSON: it makes an entry of less than 1 kB, which is one write unit. */
  readonly brief: AttributeValue;
}

/** The value of `due` for records of jobs; the partition of the index that they are in. */
export const DUE_JOB = 'job';
/** The value of `due` for counters of jobs at a time. */
export const DUE_COUNTER = 'counter';

/** Writes what the index shows of a record. */
export function toDueAttributes(record: DueRecord): DueAttributes {
  const brief = JSON.stringify({ ...record, id: undefined });
  return { due: { S: DUE_JOB }, brief: { S: brief } };
}

type Brief = Omit<DueRecord, 'id'>;

/** What each member must be for an entry to be of use. */
const MEMBERS = {
  state: (value) => value === 'submitting' || JOB_STATES.some((state) => state === value),
  waitReason: isTextOrNull,
  target: (value) => typeof value === 'string',
  submittedAt: isInstant,
  startedAt: (value) => value === null || isInstant(value),
  checkedAt: isInstant,
  maxRuntimeSeconds: (value) => typeof value === 'number',
  mostMilliDcu: (value) => value === null || typeof value === 'number',
  missingSince: (value) => value === null || isInstant(value),
  holds: (value) => Array.isArray(value) && value.every(isHold),
  unannounced: (value) => typeof value === 'boolean',
  undelivered: (value) => typeof value === 'boolean',
} as const satisfies Record<keyof Brief, (value: unknown) => boolean>;

/** Reads what the index shows of a record; undefined for what another version of Jobgate, or a hand, has written. */
export function parseDueItem(id: JobId, item: unknown): DueRecord | undefined {
  const brief = parseJson(toMembers(toMembers(item).get('brief')).get('S'));
  const members = toMembers(brief);
  const readable = Object.entries(MEMBERS).every(([name, holds]) => holds(members.get(name)));
  return readable ? { ...(brief as Brief), id } : undefined;
}

function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isInstant(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function isHold(value: unknown): boolean {
  const members = toMembers(value);
  return (
    typeof members.get('limit') === 'string' &&
    typeof members.get('key') === 'string' &&
    typeof members.get('most') === 'number'
  );
}
