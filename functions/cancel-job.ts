import { serveCancel } from '../shared/app/cancel.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
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

/** Asks for a job's end: 202 while it is being cancelled, 200 with the job as it is when it has ended. */
export const handler = createEndpoint(
  { operation: 'cancel-job', guard, ...runtime },
  async (invocation) => {
    const { cancel, config } = jobs();
    const record = await serveCancel(invocation, cancel);
    const template = findTemplate(CATALOG, record.template);
    const mayReadData = decideReadData(invocation.caller, record, template).kind === 'allow';
    const body = toJobView(record, { publicUrl: config.publicUrl, mayReadData });
    const headers = { location: body.links.self };
    return isTerminal(record.state)
      ? { status: 200, body, headers }
      : { status: 202, body, headers: { ...headers, 'retry-after': '2' } };
  },
);
