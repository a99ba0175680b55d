import { describe, expect, it } from 'vitest';
import { toMeView } from '../../../shared/app/me.ts';
import { ANALYST } from '../../support/callers.ts';
import { TIDY } from '../../support/templates.ts';

describe('the caller as Jobgate sees it', () => {
  it('is the identity, what it holds, and what it may run, without the token’s id', () => {
    expect(toMeView(ANALYST, [TIDY], 'https://api.example')).toEqual({
      issuer: 'https://issuer.example',
      issuerName: 'test',
      subject: 'ana',
      client: 'notebook',
      actor: null,
      scopes: ['jobs:read', 'jobs:submit'],
      groups: ['analysts'],
      roles: [],
      plan: 'standard',
      expiresAt: '2026-01-15T13:00:00.000Z',
      templates: [
        {
          name: 'tidy',
          version: '1.2.0',
          rule: 'tidy.allow[0]',
          links: { self: 'https://api.example/v1/templates/tidy' },
        },
      ],
      links: {
        self: 'https://api.example/v1/me',
        templates: 'https://api.example/v1/templates',
      },
    });
  });

  it('may run nothing without jobs:submit, nor for a person whom no rule lets it act for', () => {
    const reader = { ...ANALYST, groups: ['platform'], scopes: ['jobs:read'] };
    expect(toMeView(reader, [TIDY], 'https://api.example').templates).toEqual([]);
    const agent = { ...ANALYST, actor: 'agent-7' };
    expect(toMeView(agent, [TIDY], 'https://api.example')).toMatchObject({
      actor: 'agent-7',
      templates: [],
    });
  });
});
