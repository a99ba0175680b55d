import { buildGuard } from '../shared/app/guard.ts';
import { toMeView } from '../shared/app/me.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { readCoreConfig } from '../shared/config/core.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);

/** Shows the caller the identity that Jobgate sees, and the templates that it may run. */
export const handler = createEndpoint({ operation: 'get-me', guard, ...runtime }, ({ caller }) => {
  const { publicUrl } = readCoreConfig(runtime.environment);
  return Promise.resolve({ status: 200, body: toMeView(caller, CATALOG, publicUrl) });
});
