import { buildJobsApp } from '../shared/app/jobs.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { serveSubmit } from '../shared/app/submit.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { toLimitHeaders } from '../shared/http/rate-limit.ts';
import { VALIDATORS as BODY_VALIDATORS } from '../shared/http/generated/validators.js';
import { toJobView } from '../shared/jobs/view.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';
import { VALIDATORS } from '../shared/templates/generated/validators.js';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const app = {
  jobs: buildJobsApp(runtime, guard),
  catalog: CATALOG,
  bodyValidator: BODY_VALIDATORS['submit-job'],
  parameterValidators: VALIDATORS,
  admitJob: guard.admitJob,
  now: runtime.now,
};

/** Starts a job: 202 for a new one, 200 with `Idempotency-Replayed: true` for one that was there. */
export const handler = createEndpoint(
  { operation: 'submit-job', guard, ...runtime },
  async (invocation) => {
    const { record, replayed, usage } = await serveSubmit(invocation, app);
    const { publicUrl } = app.jobs().config;
    const body = toJobView(record, { publicUrl, mayReadData: true });
    const left = toLimitHeaders({ holds: record.holds, usage, now: runtime.now() });
    const headers = { location: body.links.self, 'retry-after': '2', ...left };
    return replayed
      ? { status: 200, body, headers: { ...headers, 'idempotency-replayed': 'true' } }
      : { status: 202, body, headers };
  },
);
