import { createRuntime } from '../shared/app/runtime.ts';
import { readCoreConfig } from '../shared/config/core.ts';
import { createOpenEndpoint } from '../shared/http/endpoint.ts';

const runtime = createRuntime();

/** Says that the API is up, and its version. */
export const handler = createOpenEndpoint({ operation: 'get-health', ...runtime }, () => {
  const { version } = readCoreConfig(runtime.environment);
  return Promise.resolve({ status: 200, body: { status: 'ok', version } });
});
