import { isTerminal, type JobId, type JobRecord } from '../job.ts';
import { recordOnJob } from '../outbox.ts';
import type { JobReference, UpstreamJob } from '../ports.ts';
import { toSweepRecord } from '../unasked.ts';
import { forEach, type SweepWork, type TargetListing } from './work.ts';

/**
 * Finds active jobs of this deployment that no living record knows. One whose record has ended is ended too: nobody can
 * see or pay for it any more. One without any record may be another deployment's of the same name, and is only told.
 */
export async function sweepOrphans(
  listings: ReadonlyMap<string, TargetListing>,
  alive: ReadonlySet<JobId>,
  work: SweepWork,
): Promise<void> {
  const unknown = [...listings].flatMap(([target, { jobs }]) =>
    [...jobs.values()].filter(({ jobId }) => !alive.has(jobId)).map((job) => ({ target, job })),
  );
  await forEach(unknown, work, {
    act: (entry) => sweepUnknown(entry, work),
    name: ({ target, job }) => ({ doing: 'orphan', target, jobId: job.jobId }),
  });
}

async function sweepUnknown(
  { target, job }: { readonly target: string; readonly job: UpstreamJob },
  work: SweepWork,
): Promise<void> {
  const { order, ports, summary } = work;
  const record = await ports.records.find(job.jobId, order.deadline);
  if (record !== undefined && !isTerminal(record.state)) return;
  const reference: JobReference = {
    jobId: job.jobId,
    target,
    account: ports.operatorOf(target),
    deadline: order.deadline,
    handle: record?.handle ?? job.handle,
  };
  summary.looked += 1;
  const found = await ports.gateway.find(reference);
  if (found === undefined || isTerminal(found.state) || found.state === 'cancelling') return;
  summary.orphans += 1;
  if (record === undefined) {
    summary.strangers += 1;
    ports.onTrouble({ doing: 'orphan', target, jobId: job.jobId, thrown: new Error('no record') });
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
