import { openJob } from '../shared/app/job-data.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { isTerminal } from '../shared/jobs/job.ts';
import { toJobView } from '../shared/jobs/view.ts';
import { decideReadData } from '../shared/policy/decision.ts';
import { findTemplate } from '../shared/templates/catalog.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const jobs = buildJobsApp(runtime, guard);

/** Shows a job, brought up to date; `Retry-After` paces polls while it is active. */
export const handler = createEndpoint(
  { operation: 'get-job', guard, ...runtime },
  async (invocation) => {
    const record = await openJob(invocation, jobs());
    const template = findTemplate(CATALOG, record.template);
    const mayReadData = decideReadData(invocation.caller, record, template).kind === 'allow';
    const body = toJobView(record, { publicUrl: jobs().config.publicUrl, mayReadData });
    const headers: Record<string, string> = isTerminal(record.state) ? {} : { 'retry-after': '2' };
    return { status: 200, body, headers, cacheControl: 'private, no-cache' };
  },
);
