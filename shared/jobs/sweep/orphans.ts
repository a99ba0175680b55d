import { isTerminal, type JobId, type JobRecord } from '../job.ts';
import { isOurs } from '../ours.ts';
import { recordOnJob } from '../outbox.ts';
import type { JobReference, UpstreamJob } from '../ports.ts';
import { toReference } from '../reference.ts';
import { toSweepRecord } from '../unasked.ts';
import { forEach, type SweepWork, type TargetListing } from './work.ts';

/**
 * Finds active jobs of this deployment that no living record knows. One whose record has ended is ended too: nobody can
 * see or pay for it any more. One without a record of its own may be another deployment's of the same name, and is only told.
 */
export async function sweepOrphans(
  listings: ReadonlyMap<string, TargetListing>,
  alive: ReadonlySet<JobId>,
  work: SweepWork,
): Promise<void> {
  // Two targets in one place list each other's jobs.
  const unknown = new Map(
    [...listings].flatMap(([target, { jobs }]) =>
      [...jobs.values()]
        .filter(({ jobId }) => !alive.has(jobId))
        .map((job) => [job.jobId, { target, job }] as const),
    ),
  );
  await forEach([...unknown.values()], work, {
    act: (entry) => sweepUnknown(entry, work),
    name: ({ target, job }) => ({ doing: 'orphan', target, jobId: job.jobId }),
    lane: ({ target }) => target,
  });
}

async function sweepUnknown(
  { target: listedBy, job }: { readonly target: string; readonly job: UpstreamJob },
  work: SweepWork,
): Promise<void> {
  const { order, ports, summary } = work;
  const { jobId } = job;
  const record = await ports.records.find(jobId, order.deadline);
  if (record !== undefined && !isTerminal(record.state)) return;
  const target = record?.target.name ?? listedBy;
  const account = ports.operatorOf(target);
  const { deadline } = order;
  const listed = { jobId, target, account, deadline, handle: job.handle, labels: job.labels };
  const known = record && toReference(record, { deployment: ports.deployment, account, deadline });
  const reference = { ...listed, ...known, handle: known?.handle ?? job.handle };
  summary.looked += 1;
  const found = await ports.gateway.find(reference);
  if (found === undefined || isTerminal(found.state) || found.state === 'cancelling') return;
  summary.orphans += 1;
  if (record === undefined || !isOurs(found, record, ports.deployment)) {
    summary.strangers += 1;
    ports.onTrouble({ doing: 'orphan', target, jobId, thrown: new Error('no record of its own') });
    return;
  }
  await end(record, found, { reference, work });
}

/** The decision is recorded before the job is ended, as every other. */
async function end(
  record: JobRecord,
  found: UpstreamJob,
  { reference, work }: { readonly reference: JobReference; readonly work: SweepWork },
): Promise<void> {
  const { order, ports } = work;
  const decision = toSweepRecord({ rule: 'orphan', jobId: record.id, record }, ports);
  await recordOnJob(record, decision, { deadline: order.deadline, ports });
  await ports.gateway.cancel(found, reference);
}
