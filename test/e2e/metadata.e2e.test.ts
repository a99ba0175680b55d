import { describe, expect, it } from 'vitest';
import { callApi, getStack, type Answer } from '../support/api.ts';

/** Follows the challenge of a refusal to the metadata of the API. Source: RFC 9728 section 5.1. */
async function follow(refusal: Answer): Promise<Readonly<Record<string, unknown>>> {
  const challenge = refusal.headers.get('www-authenticate') ?? '';
  const [, address = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
  const response = await fetch(address);
  expect(response.status).toBe(200);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

describe('the metadata of the API', () => {
  it('is named by the 401 that one without a token gets, and names the issuers', async () => {
    const refusal = await callApi('/templates');
    expect(refusal.headers.get('www-authenticate')).toBe(
      `Bearer realm="jobgate", error="invalid_token", resource_metadata="${getStack().api.replace(/\/v1$/, '')}/.well-known/oauth-protected-resource/v1"`,
    );
    const metadata = await follow(refusal);
    expect(metadata['resource']).toBe(getStack().api);
    expect(metadata['authorization_servers']).toContain(getStack().issuer);
    expect(metadata['jobgate_login_clients']).toMatchObject({ [getStack().issuer]: 'jobgate-cli' });
  });

  it('is named by the 403 of a token that lacks a scope, which says where to ask', async () => {
    const refusal = await callApi('/jobs', { as: 'viewer', json: {} });
    expect(refusal.status).toBe(403);
    expect(refusal.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    expect((await follow(refusal))['resource']).toBe(getStack().api);
    expect(refusal.body['detail']).toMatch(/ Ask the operators of this API for what you lack\.$/);
  });
});
