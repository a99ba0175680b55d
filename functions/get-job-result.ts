import { openJobData } from '../shared/app/job-data.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { readResult } from '../shared/jobs/result.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const jobs = buildJobsApp(runtime, guard);
const options = { operation: 'get-job-result', catalog: CATALOG, role: 'reader' } as const;

/** Lists the files that a succeeded job wrote. */
export const handler = createEndpoint({ ...options, guard, ...runtime }, async (invocation) => {
  const { record, source } = await openJobData(invocation, jobs(), options);
  return { status: 200, body: await readResult(record, jobs().config.publicUrl, source) };
});
