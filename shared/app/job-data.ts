import type { AuthorizedInvocation } from '../http/endpoint.ts';
import type { OperationId } from '../http/routes.ts';
import { findReadableJob, getReadableJob } from '../jobs/browse.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobStorage, StorageAccess } from '../jobs/ports.ts';
import type { Catalog } from '../templates/catalog.ts';
import type { JobsApp } from './jobs.ts';

/** A job whose data the caller may read, and the way to them. */
export interface OpenedJob {
  readonly record: JobRecord;
  readonly source: { readonly storage: JobStorage; readonly access: StorageAccess };
}

/** Which route opens the job, and as whom it reads: the reader looks at Dataproc too, the signer only at storage. */
export interface OpenOptions {
  readonly operation: OperationId;
  readonly catalog: Catalog;
  readonly role: 'reader' | 'signer';
}

/**
 * Opens a job's data to its caller and audits it.
 * @throws Problem as {@link getReadableJob} does.
 */
export async function openJobData(
  invocation: AuthorizedInvocation,
  app: JobsApp,
  { operation, catalog, role }: OpenOptions,
): Promise<OpenedJob> {
  const { caller, request, deadline, log } = invocation;
  const wanted = { caller, rawJobId: request.pathParameters.get('job'), deadline };
  const { record, decision } =
    role === 'reader'
      ? await getReadableJob(wanted, app.browse, catalog)
      : await findReadableJob(wanted, app.records, catalog);
  const path = request.pathParameters.get('path');
  log.write('audit', 'decided', {
    action: operation,
    jobId: record.id,
    decision: 'allow',
    rule: decision.rule,
    ...(path === undefined ? {} : { path }),
  });
  const access = app.toAccess(record.target.name, role, deadline);
  return { record, source: { storage: app.storage, access } };
}
