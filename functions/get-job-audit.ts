import { buildAuditReader, serveJobAudit } from '../shared/app/audit.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const app = {
  jobs: buildJobsApp(runtime, guard),
  audit: buildAuditReader(runtime),
  now: runtime.now,
};

/** Tells who asked what of a job, what was decided and when, oldest first. */
export const handler = createEndpoint(
  { operation: 'get-job-audit', guard, ...runtime },
  (invocation) => serveJobAudit(invocation, app),
);
