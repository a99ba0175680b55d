import { buildGuard } from '../shared/app/guard.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { toMeView } from '../shared/app/me.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const jobs = buildJobsApp(runtime, guard);

/** Shows the caller the identity that Jobgate sees, the templates that it may run, and how much of their limits is used. */
export const handler = createEndpoint(
  { operation: 'get-me', guard, ...runtime },
  async ({ caller, deadline }) => {
    const { config, records } = jobs();
    const { publicUrl } = config;
    const ports = { catalog: CATALOG, publicUrl, records, now: runtime.now(), deadline };
    return { status: 200, body: await toMeView(caller, ports) };
  },
);
