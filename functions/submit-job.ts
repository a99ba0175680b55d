import { buildJobsApp } from '../shared/app/jobs.ts';
import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { serveSubmit } from '../shared/app/submit.ts';
import { toSubmitAnswer } from '../shared/app/submit-answer.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { VALIDATORS as BODY_VALIDATORS } from '../shared/http/generated/validators.js';
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
    const { caller } = invocation;
    const submitted = await serveSubmit(invocation, app);
    const { publicUrl } = app.jobs().config;
    return toSubmitAnswer(submitted, { caller, catalog: CATALOG, publicUrl, now: runtime.now() });
  },
);
