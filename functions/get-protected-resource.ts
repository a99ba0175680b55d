import { toResourceMetadata } from '../shared/app/metadata.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { readIdentityConfig } from '../shared/config/issuers.ts';
import { createOpenEndpoint } from '../shared/http/endpoint.ts';

const runtime = createRuntime();

/** Says where tokens for this API come from, so that a client needs only the host's name to log in. */
export const handler = createOpenEndpoint(
  { operation: 'get-protected-resource', ...runtime },
  () => {
    const body = toResourceMetadata(readIdentityConfig(runtime.environment));
    return Promise.resolve({ status: 200, body, cacheControl: 'public, max-age=3600' });
  },
);
