import { buildJobsApp } from '../shared/app/jobs.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { getJob } from '../shared/jobs/browse.ts';
import { isTerminal } from '../shared/jobs/job.ts';
import { toJobView } from '../shared/jobs/view.ts';
import { decideReadData } from '../shared/policy.ts';
import { findTemplate } from '../shared/templates/catalog.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const jobs = buildJobsApp(runtime);

/** Shows a job, brought up to date; `Retry-After` paces polls while it is active. */
export const handler = createEndpoint({ operation: 'get-job', ...runtime }, async (invocation) => {
  const { caller, request, deadline } = invocation;
  const rawJobId = request.pathParameters.get('job');
  const record = await getJob({ caller, rawJobId, deadline }, jobs().browse);
  const template = findTemplate(CATALOG, record.template);
  const mayReadData = decideReadData(caller, record, template).kind === 'allow';
  const body = toJobView(record, { publicUrl: jobs().config.publicUrl, mayReadData });
  const headers: Record<string, string> = isTerminal(record.state) ? {} : { 'retry-after': '2' };
  return { status: 200, body, headers, cacheControl: 'private, no-cache' };
});
