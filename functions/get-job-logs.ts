import { buildJobsApp } from '../shared/app/jobs.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { parseLogRange } from '../shared/http/log-range.ts';
import { getReadableJob } from '../shared/jobs/browse.ts';
import { readLog } from '../shared/jobs/output.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const jobs = buildJobsApp(runtime);

/** Reads a page of the driver's output from a byte cursor. */
export const handler = createEndpoint(
  { operation: 'get-job-logs', ...runtime },
  async (invocation) => {
    const { caller, request, deadline, log } = invocation;
    const range = parseLogRange(request.query);
    const { browse, storage, toAccess } = jobs();
    const rawJobId = request.pathParameters.get('job');
    const { record, decision } = await getReadableJob(
      { caller, rawJobId, deadline },
      browse,
      CATALOG,
    );
    log.write('audit', 'decided', {
      action: 'get-job-logs',
      jobId: record.id,
      decision: 'allow',
      rule: decision.rule,
    });
    const access = toAccess(record.target.name, 'reader', deadline);
    return {
      status: 200,
      body: await readLog(record, range, { storage, access, now: runtime.now }),
    };
  },
);
