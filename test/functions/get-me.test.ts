import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

describe('get-me', () => {
  let getMe: DeployedFunction;

  beforeAll(async () => {
    getMe = await loadFunction('get-me');
  });

  it('shows the caller who it is and what it may run, to nobody’s cache', async () => {
    const { status, headers, body } = await getMe.call('get-me');
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      issuer: 'https://login.example.com',
      issuerName: 'login',
      subject: 'analyst',
      client: 'analyst',
      actor: null,
      scopes: ['jobs:read', 'jobs:submit', 'jobs:cancel'],
      groups: ['analysts'],
      roles: [],
      plan: 'standard',
      expiresAt: '2100-01-01T00:00:00.000Z',
      templates: [
        { name: 'flight-delays', version: '1.0.0', rule: 'flight-delays.allow[0]' },
        { name: 'preprocess', version: '1.0.0', rule: 'preprocess.allow[0]' },
        { name: 'run-script', version: '2.0.0', rule: 'run-script.allow[0]' },
      ],
    });
    expect(body).not.toHaveProperty('tokenId');
  });

  it('answers one whose token gives no scope, and an actor', async () => {
    const { status, body } = await getMe.call('get-me.no-scope');
    expect(status).toBe(200);
    expect(body).toMatchObject({ scopes: [], actor: 'agent-7', plan: 'limited', templates: [] });
  });
});
