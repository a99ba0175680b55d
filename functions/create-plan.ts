import { buildGuard } from '../shared/app/guard.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { servePlan } from '../shared/app/plan.ts';
import { createRuntime } from '../shared/app/runtime.ts';
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

/** Tells what submit-job would do with a body: 200 for refused ones too, and nothing starts. */
export const handler = createEndpoint(
  { operation: 'create-plan', guard, ...runtime },
  async (invocation) => ({ status: 200, body: await servePlan(invocation, app) }),
);
