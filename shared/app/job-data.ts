import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { findReadableJob, getJob, getReadableJob, toAudited } from '../jobs/browse.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobStorage, StorageAccess } from '../jobs/ports.ts';
import type { Catalog } from '../templates/catalog.ts';
import type { JobsApp } from './jobs.ts';

/** A job whose data the caller may read, and the way to them. */
export interface OpenedJob {
  readonly record: JobRecord;
  readonly source: { readonly storage: JobStorage; readonly access: StorageAccess };
}

/** What is known of the templates, and as whom the data are read: the reader looks at Dataproc too, the signer does not. */
export interface OpenOptions {
  readonly catalog: Catalog;
  readonly role: 'reader' | 'signer';
}

/**
 * Opens a job's data to its caller, which is recorded.
 * @throws Problem as {@link getReadableJob} does; `upstream_unavailable` when it cannot be recorded.
 */
export async function openJobData(
  invocation: AuthorizedInvocation,
  app: JobsApp,
  { catalog, role }: OpenOptions,
): Promise<OpenedJob> {
  const { caller, request, deadline, audit } = invocation;
  const wanted = { caller, rawJobId: request.pathParameters.get('job'), deadline };
  const { record, decision } =
    role === 'reader'
      ? await getReadableJob(wanted, app.browse, catalog)
      : await findReadableJob(wanted, app.records, catalog);
  const path = request.pathParameters.get('path');
  const { rule } = decision;
  const file = path === undefined ? {} : { path };
  await audit.record({ decision: 'allow', rule, ...toAudited(record), ...file });
  const access = app.toAccess(record.target.name, role, deadline);
  return { record, source: { storage: app.storage, access } };
}

/**
 * Shows a job to its caller, brought up to date; a look at somebody else's is recorded.
 * @throws Problem as {@link getJob} does; `upstream_unavailable` when the look cannot be recorded.
 */
export async function openJob(invocation: AuthorizedInvocation, app: JobsApp): Promise<JobRecord> {
  const { caller, request, deadline, audit } = invocation;
  const rawJobId = request.pathParameters.get('job');
  const { record, decision } = await getJob({ caller, rawJobId, deadline }, app.browse);
  if (decision.rule === 'own-job') return record;
  await audit.record({ decision: 'allow', rule: decision.rule, ...toAudited(record) });
  return record;
}
