import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { findJob, toAudited } from '../jobs/browse.ts';
import { cancelJob, type CancelPorts } from '../jobs/cancel.ts';
import type { JobRecord } from '../jobs/job.ts';
import { decideSee } from '../policy/decision.ts';

/**
 * Serves one cancel-job request: whoever sees the job may end it, its submitter or anyone with `jobs:admin`.
 * @throws Problem `job_not_found` for an unknown job and for somebody else's alike; what {@link cancelJob} throws.
 */
export async function serveCancel(
  invocation: AuthorizedInvocation,
  ports: CancelPorts,
): Promise<JobRecord> {
  const { caller, request, deadline, audit } = invocation;
  const wanted = { caller, rawJobId: request.pathParameters.get('job'), deadline };
  const { record, decision } = await findJob(wanted, ports.records, (each) =>
    decideSee(caller, each),
  );
  const { rule } = decision;
  const allowed = audit.describe({ decision: 'allow', rule, ...toAudited(record) });
  const order = { decision: allowed, reason: 'cancel_requested', deadline } as const;
  return cancelJob(record, order, ports);
}
