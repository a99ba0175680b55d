import { openJobData } from '../shared/app/job-data.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { linkFile } from '../shared/jobs/result.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const jobs = buildJobsApp(runtime, guard);
const options = { operation: 'get-job-file', catalog: CATALOG, role: 'signer' } as const;

/** Redirects to a link that reads one file of the result for at most 5 minutes. */
export const handler = createEndpoint({ ...options, guard, ...runtime }, async (invocation) => {
  const { record, source } = await openJobData(invocation, jobs(), options);
  const path = invocation.request.pathParameters.get('path');
  return { status: 303, headers: { location: await linkFile(record, path, source) } };
});
