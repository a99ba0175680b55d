import type { Caller } from '../identity/caller.ts';
import { decideSee } from '../policy/decision.ts';
import { Problem } from '../problem.ts';
import type { JobId, JobRecord } from './job.ts';
import { LIMIT_NAMES, type LimitHold } from './limit-hold.ts';
import { toDayEnd, type LimitUse } from './limits.ts';
import type { JobRecords } from './ports.ts';

/** Seconds after which a place among concurrent jobs may be free: nobody knows when a job ends. */
const RETRY_AFTER_SECONDS = 30;

/** Jobs that a refusal names at most. */
const MAX_NAMED = 20;
/** Jobs that are read at most to find those that the caller sees. */
const MAX_READ = 60;

/** What explaining a refusal needs from outside. */
export interface LimitPorts {
  readonly records: Pick<JobRecords, 'find' | 'findUsage'>;
  readonly now: () => Date;
}

/** Whom a refusal is explained to, until when. */
export interface LimitContext {
  readonly caller: Caller;
  readonly deadline: Date;
  readonly ports: LimitPorts;
}

/**
 * Makes the problem `limit_reached` of a run that was not admitted: the limit, how much of it is used, and which jobs of
 * the caller's own hold it. Jobs that the caller does not see are counted and not named.
 * @throws upstream problems of the store.
 */
export async function explainLimit(
  record: Pick<JobRecord, 'holds' | 'template'>,
  reached: readonly LimitUse[],
  context: LimitContext,
): Promise<Problem> {
  const { caller, ports } = context;
  const [hold, use] = chooseReached(record.holds, reached);
  const jobs = await chooseSeen(await findOwn(record.holds, use, context), context);
  const resetsAt = hold.limit === 'runs-per-day' ? toDayEnd(ports.now()) : undefined;
  const retryAfter =
    resetsAt === undefined
      ? RETRY_AFTER_SECONDS
      : Math.max(1, Math.ceil((resetsAt.getTime() - ports.now().getTime()) / 1000));
  const limit = {
    name: hold.limit,
    most: hold.most,
    count: use.count,
    ...(resetsAt === undefined ? {} : { resetsAt: resetsAt.toISOString() }),
  };
  const detail = describeLimit(record.template, { caller, hold, use });
  return new Problem('limit_reached', detail, { limit, jobs, retryAfter });
}

/** The reached limit that lasts longest. */
function chooseReached(
  holds: readonly LimitHold[],
  reached: readonly LimitUse[],
): readonly [LimitHold, LimitUse] {
  for (const name of LIMIT_NAMES) {
    const hold = holds.find(({ limit }) => limit === name);
    const use = reached.find(({ key }) => key === hold?.key);
    if (hold !== undefined && use !== undefined) return [hold, use];
  }
  throw new Error('a limit was reached that the record does not hold');
}

/** Of the jobs that hold a limit, those that hold the caller's own limit too. */
async function findOwn(
  holds: readonly LimitHold[],
  use: LimitUse,
  { deadline, ports }: LimitContext,
): Promise<readonly JobId[]> {
  const own = holds.find(({ limit }) => limit === 'concurrent-per-caller');
  if (own === undefined || use.holders.length === 0) return [];
  if (own.key === use.key) return use.holders;
  const usage = await ports.records.findUsage([own.key], deadline);
  const mine = usage.get(own.key)?.holders ?? [];
  return mine.filter((job) => use.holders.includes(job));
}

/**
 * The caller's own limit counts what was submitted for the same person, whoever acted: who acts for a person does not see
 * all of that.
 */
async function chooseSeen(
  own: readonly JobId[],
  { caller, deadline, ports }: LimitContext,
): Promise<readonly JobId[]> {
  if (caller.actor === null) return own.slice(0, MAX_NAMED);
  const seen: JobId[] = [];
  for (let at = 0; at < MAX_READ && seen.length < MAX_NAMED; at += MAX_NAMED) {
    const some = own.slice(at, at + MAX_NAMED);
    const records = await Promise.all(some.map((job) => ports.records.find(job, deadline)));
    seen.push(
      ...records.flatMap((job) => (job !== undefined && isSeen(caller, job) ? job.id : [])),
    );
  }
  return seen.slice(0, MAX_NAMED);
}

function isSeen(caller: Caller, job: JobRecord): boolean {
  return decideSee(caller, job).kind === 'allow';
}

interface Reached {
  readonly caller: Caller;
  readonly hold: LimitHold;
  readonly use: LimitUse;
}

function describeLimit(template: string, { caller, hold, use: { count } }: Reached): string {
  const { subject, actor } = caller;
  const who = actor === null ? 'You' : `${subject} and whoever acts for ${subject}`;
  const whom = actor === null ? 'you' : 'they';
  switch (hold.limit) {
    case 'runs-per-day':
      return `${who} have used ${count} of ${hold.most} runs of ${template} a day; the day ends at midnight UTC.`;
    case 'concurrent-per-caller':
      return `${who} have ${count} of ${hold.most} jobs of ${template} that ${whom} may have at a time; wait until one has ended.`;
    case 'concurrent-per-template':
      return `There are ${count} of ${hold.most} jobs of ${template} that may run at a time, whoever started them.`;
    default:
      return hold.limit satisfies never;
  }
}
