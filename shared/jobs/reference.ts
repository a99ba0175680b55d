import type { JobRecord } from './job.ts';
import { toUpstreamLabels } from './labels.ts';
import type { JobReference } from './ports.ts';

/** Names a record's job to its engine: as which account it is asked for, and until when. */
export function toReference(
  record: JobRecord,
  {
    deployment,
    account,
    deadline,
  }: Pick<JobReference, 'account' | 'deadline'> & { readonly deployment: string },
): JobReference {
  const { id, handle, target } = record;
  const labels = toUpstreamLabels(record, deployment);
  return { jobId: id, target: target.name, account, deadline, handle, labels };
}
