import { buildGuard } from '../shared/app/guard.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { toTemplateView } from '../shared/app/templates.ts';
import { readCoreConfig } from '../shared/config/core.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { getTemplate } from '../shared/templates/catalog.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);

/** Shows one template: its parameters as JSON Schema, limits, version, and whether the caller may run it. */
export const handler = createEndpoint(
  { operation: 'get-template', guard, ...runtime },
  ({ caller, request }) => {
    const { publicUrl } = readCoreConfig(runtime.environment);
    const template = getTemplate(CATALOG, request.pathParameters.get('template'));
    const body = toTemplateView(template, caller, publicUrl);
    return Promise.resolve({
      status: 200,
      body,
      cacheControl: 'private, max-age=60',
      headers: { vary: 'Authorization' },
    });
  },
);
