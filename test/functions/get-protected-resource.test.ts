import { describe, expect, it } from 'vitest';
import { getStack } from '../support/api.ts';
import { loadFunction } from '../support/deployed-function.ts';

describe('get-protected-resource', () => {
  it('names the issuer, the scopes and the client to log in with, to anybody’s cache', async () => {
    const getProtectedResource = await loadFunction('get-protected-resource');
    const { status, headers, body } = await getProtectedResource.call('get-protected-resource');
    expect([status, headers['cache-control'], headers['content-type']]).toEqual([
      200,
      'public, max-age=3600',
      'application/json',
    ]);
    const { issuer, api } = getStack();
    expect(body).toMatchObject({
      resource: api,
      authorization_servers: expect.arrayContaining([issuer]) as unknown,
      scopes_supported: expect.arrayContaining(['jobs:read', 'jobs:submit']) as unknown,
      bearer_methods_supported: ['header'],
      jobgate_login_clients: { [issuer]: 'jobgate-cli' },
    });
  });
});
