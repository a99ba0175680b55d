import type { Caller } from '../../shared/identity/caller.ts';

/** An analyst with a token that lives for an hour after the test clock's start. */
export const ANALYST: Caller = {
  issuer: 'https://issuer.example',
  issuerName: 'test',
  subject: 'ana',
  client: 'notebook',
  actor: null,
  scopes: ['jobs:read', 'jobs:submit'],
  groups: ['analysts'],
  roles: [],
  tokenId: 'token-1',
  expiresAt: new Date('2026-01-15T13:00:00.000Z'),
  plan: 'standard',
};

/** An agent that acts for the analyst. */
export const AGENT: Caller = { ...ANALYST, actor: 'agent-7', tokenId: 'token-4' };

/** Somebody else of the same issuer, in no group. */
export const OUTSIDER: Caller = {
  ...ANALYST,
  subject: 'otto',
  client: 'otto',
  groups: [],
  tokenId: 'token-2',
};

/** One who sees every job. */
export const ADMIN: Caller = {
  ...ANALYST,
  subject: 'ada',
  client: 'console',
  scopes: ['jobs:read', 'jobs:admin'],
  groups: ['platform'],
  tokenId: 'token-3',
};
