import { openJobData } from '../shared/app/job-data.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { parseLogRange } from '../shared/http/log-range.ts';
import { readLog } from '../shared/jobs/output.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const jobs = buildJobsApp(runtime, guard);
const options = { operation: 'get-job-logs', catalog: CATALOG, role: 'reader' } as const;

/** Reads a page of the driver's output from a byte cursor. */
export const handler = createEndpoint({ ...options, guard, ...runtime }, async (invocation) => {
  const range = parseLogRange(invocation.request.query);
  const { record, source } = await openJobData(invocation, jobs(), options);
  return { status: 200, body: await readLog(record, range, { ...source, now: runtime.now }) };
});
