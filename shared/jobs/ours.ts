import type { JobRecord } from './job.ts';
import { toUpstreamLabels } from './labels.ts';
import type { UpstreamJob } from './ports.ts';

/**
 * Tells whether an engine's job is that of this very record. An id alone does not say so: another deployment of the same
 * name, or an earlier life of the table, may have used it.
 */
export function isOurs(
  { labels }: Pick<UpstreamJob, 'labels'>,
  record: Parameters<typeof toUpstreamLabels>[0],
  deployment: string,
): boolean {
  const ours = Object.entries(toUpstreamLabels(record, deployment));
  return ours.every(([name, value]) => labels[name] === value);
}

/** What was found of a record's job; of one that is still on its way, undefined when it is not that record's own. */
export function toOwn(
  found: UpstreamJob | undefined,
  record: JobRecord,
  deployment: string,
): UpstreamJob | undefined {
  if (found === undefined || record.state !== 'submitting') return found;
  return isOurs(found, record, deployment) ? found : undefined;
}
