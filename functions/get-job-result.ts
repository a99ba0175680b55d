import { buildJobsApp } from '../shared/app/jobs.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { getReadableJob } from '../shared/jobs/browse.ts';
import { readResult } from '../shared/jobs/result.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const jobs = buildJobsApp(runtime);

/** Lists the files that a succeeded job wrote. */
export const handler = createEndpoint(
  { operation: 'get-job-result', ...runtime },
  async (invocation) => {
    const { caller, request, deadline, log } = invocation;
    const { browse, storage, toAccess, config } = jobs();
    const rawJobId = request.pathParameters.get('job');
    const { record, decision } = await getReadableJob(
      { caller, rawJobId, deadline },
      browse,
      CATALOG,
    );
    log.write('audit', 'decided', {
      action: 'get-job-result',
      jobId: record.id,
      decision: 'allow',
      rule: decision.rule,
    });
    const access = toAccess(record.target.name, 'reader', deadline);
    return { status: 200, body: await readResult(record, config.publicUrl, { storage, access }) };
  },
);
