import { createRuntime } from '../shared/app/runtime.ts';
import { listRunnable } from '../shared/app/templates.ts';
import { readCoreConfig } from '../shared/config.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const { environment, ...runtime } = createRuntime();

/** Lists the templates that the caller may run. */
export const handler = createEndpoint({ operation: 'list-templates', ...runtime }, ({ caller }) => {
  const { publicUrl } = readCoreConfig(environment);
  const items = listRunnable(CATALOG, caller, publicUrl);
  return Promise.resolve({ status: 200, body: { items }, cacheControl: 'private, max-age=60' });
});
