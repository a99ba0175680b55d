import { hash } from 'node:crypto';
import type { Caller } from '../identity/caller.ts';
import type { Template, TemplateLimits } from '../templates/template.ts';
import { canonicalize } from './canonical-json.ts';
import { isTerminal, type JobId, type JobRecord } from './job.ts';
import type { LimitHold } from './limit-hold.ts';

/** How much of a limit is used; `holders` are the jobs that hold it, empty for runs per day, which is only a number. */
export interface LimitUse {
  readonly key: string;
  readonly count: number;
  readonly holders: readonly JobId[];
}

/** Whose run counts under which template's limits, and when. */
export interface LimitScope {
  readonly caller: Pick<Caller, 'issuer' | 'subject'>;
  readonly template: Pick<Template, 'name'>;
  readonly limits: TemplateLimits;
  readonly at: Date;
}

/** The limits that a run counts under. A template's limits are for its own runs: another template's do not count. */
export function toHolds({ caller, template, limits, at }: LimitScope): readonly LimitHold[] {
  const { perCaller, perTemplate } = limits.maxConcurrent;
  const whose = toKeyHash([caller.issuer, caller.subject, template.name]);
  const day = at.toISOString().slice(0, 10);
  return [
    { limit: 'runs-per-day', key: `limit#day#${day}#${whose}`, most: limits.maxRunsPerDay },
    { limit: 'concurrent-per-caller', key: `limit#caller#${whose}`, most: perCaller },
    {
      limit: 'concurrent-per-template',
      key: `limit#template#${template.name}`,
      most: perTemplate,
    },
  ];
}

/** Milliseconds after its submission for which a job that never ran gives its run of the day back. */
const RETURN_DAY_MS = 24 * 3600_000;

/** The limits whose counters go down with the write of a record: none while its job has not ended. */
export function toReturned(record: JobRecord): readonly LimitHold[] {
  if (!isTerminal(record.state)) return [];
  const ageMs = Date.parse(record.endedAt ?? record.checkedAt) - Date.parse(record.submittedAt);
  const ran = record.history.some((entry) => !isTerminal(entry.state));
  const keepsDay = ran || ageMs >= RETURN_DAY_MS;
  return record.holds.filter(({ limit }) => limit !== 'runs-per-day' || !keepsDay);
}

/** When the runs of a day count no longer: the next midnight in UTC. */
export function toDayEnd(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1));
}

/** Tells how many runs a limit still admits. */
export function toLeft(hold: LimitHold, use: LimitUse | undefined): number {
  return Math.max(0, hold.most - (use?.count ?? 0));
}

function toKeyHash(parts: readonly string[]): string {
  return hash('sha256', canonicalize(parts)).slice(0, 32);
}
