import { buildJobsApp } from '../shared/app/jobs.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { findReadableJob } from '../shared/jobs/browse.ts';
import { linkFile } from '../shared/jobs/result.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const jobs = buildJobsApp(runtime);

/** Redirects to a link that reads one file of the result for at most 5 minutes. */
export const handler = createEndpoint(
  { operation: 'get-job-file', ...runtime },
  async (invocation) => {
    const { caller, request, deadline, log } = invocation;
    const { records, storage, toAccess } = jobs();
    const rawJobId = request.pathParameters.get('job');
    const { record, decision } = await findReadableJob(
      { caller, rawJobId, deadline },
      records,
      CATALOG,
    );
    const path = request.pathParameters.get('path');
    const access = toAccess(record.target.name, 'signer', deadline);
    const location = await linkFile(record, path, { storage, access });
    log.write('audit', 'decided', {
      action: 'get-job-file',
      jobId: record.id,
      decision: 'allow',
      rule: decision.rule,
      ...(path === undefined ? {} : { path }),
    });
    return { status: 303, headers: { location } };
  },
);
