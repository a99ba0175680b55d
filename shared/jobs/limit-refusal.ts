import { Problem } from '../problem.ts';
import type { JobRecord } from './job.ts';
import { LIMIT_NAMES, type LimitHold } from './limit-hold.ts';
import { toDayEnd, type LimitUse } from './limits.ts';
import type { JobRecords } from './ports.ts';

/** Seconds after which a place among concurrent jobs may be free: nobody knows when a job ends. */
const RETRY_AFTER_SECONDS = 30;

/** Jobs that a refusal names at most. */
const MAX_NAMED = 20;

/** What explaining a refusal needs from outside. */
export interface LimitPorts {
  readonly records: Pick<JobRecords, 'findUsage'>;
  readonly now: () => Date;
}

/**
 * Makes the problem `limit_reached` of a run that was not admitted: the limit, how much of it is used, and which jobs of
 * the caller's own hold it. Somebody else's jobs are counted and not named.
 */
export async function explainLimit(
  record: Pick<JobRecord, 'holds' | 'template'>,
  reached: readonly LimitUse[],
  { deadline, ports }: { readonly deadline: Date; readonly ports: LimitPorts },
): Promise<Problem> {
  const [hold, use] = chooseReached(record.holds, reached);
  const jobs = await findOwn(record.holds, use, { deadline, ports });
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
  const detail = describeLimit(record.template, hold, use);
  return new Problem('limit_reached', detail, {
    limit,
    jobs: jobs.slice(0, MAX_NAMED),
    retryAfter,
  });
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
  { deadline, ports }: { readonly deadline: Date; readonly ports: LimitPorts },
): Promise<readonly string[]> {
  const own = holds.find(({ limit }) => limit === 'concurrent-per-caller');
  if (own === undefined || use.holders.length === 0) return [];
  if (own.key === use.key) return use.holders;
  const usage = await ports.records.findUsage([own.key], deadline);
  const mine = usage.get(own.key)?.holders ?? [];
  return mine.filter((job) => use.holders.includes(job));
}

function describeLimit(template: string, hold: LimitHold, { count }: LimitUse): string {
  switch (hold.limit) {
    case 'runs-per-day':
      return `You have used ${count} of ${hold.most} runs of ${template} a day; the day ends at midnight UTC.`;
    case 'concurrent-per-caller':
      return `You have ${count} of ${hold.most} jobs of ${template} that you may have at a time; wait until one has ended.`;
    case 'concurrent-per-template':
      return `There are ${count} of ${hold.most} jobs of ${template} that may run at a time, whoever started them.`;
    default:
      return hold.limit satisfies never;
  }
}
