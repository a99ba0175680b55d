import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { listRunnable } from '../shared/app/templates.ts';
import { readCoreConfig } from '../shared/config/core.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);

/** Lists the templates that the caller may run. */
export const handler = createEndpoint(
  { operation: 'list-templates', guard, ...runtime },
  ({ caller }) => {
    const { publicUrl } = readCoreConfig(runtime.environment);
    const items = listRunnable(CATALOG, caller, publicUrl);
    return Promise.resolve({
      status: 200,
      body: { items },
      cacheControl: 'private, max-age=60',
      headers: { vary: 'Authorization' },
    });
  },
);
