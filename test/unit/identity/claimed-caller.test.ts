import { describe, expect, it } from 'vitest';
import type { IssuerConfig } from '../../../shared/config/issuers.ts';
import type { Caller } from '../../../shared/identity/caller.ts';
import { toCaller } from '../../../shared/identity/claimed-caller.ts';
import { GOOD_CLAIMS, ISSUER } from '../../support/tokens.ts';

const EXPIRES_AT = new Date('2026-01-15T12:05:00.000Z');

function read(claims: object, issuer: Partial<IssuerConfig> = {}): Caller {
  return toCaller(new Map<string, unknown>(Object.entries({ ...GOOD_CLAIMS, ...claims })), {
    issuer: { ...ISSUER, ...issuer },
    expiresAt: EXPIRES_AT,
    fingerprint: () => 'sha256:0',
  });
}

function reasonOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

const GRANTS = [
  { selector: { kind: 'group', value: 'analysts' }, scopes: ['jobs:submit', 'jobs:cancel'] },
  { selector: { kind: 'scope', value: 'jobs:cancel' }, scopes: ['jobs:admin'] },
  { selector: { kind: 'actor', value: 'agent-7' }, scopes: ['audit:read'] },
  { selector: { kind: 'role', value: 'analysts' }, scopes: ['data:read'] },
] as const;

describe('what the configuration grants', () => {
  it('is added to the token’s scopes, once, and never leads to more', () => {
    expect(read({}, { grants: GRANTS }).scopes).toEqual([
      'jobs:read',
      'jobs:submit',
      'jobs:cancel',
    ]);
  });

  it('goes by the exact value and its kind', () => {
    const groups = ['Analysts', 'analysts.', 'jobs:cancel', 'agent-7'];
    expect(read({ groups }, { grants: GRANTS }).scopes).toEqual(['jobs:read', 'jobs:submit']);
    const scopes = read({ groups: [], act: { sub: 'agent-7' } }, { grants: GRANTS }).scopes;
    expect(scopes).toEqual(['jobs:read', 'jobs:submit', 'audit:read']);
  });

  it('alone gives a scope that the issuer’s tokens may not bring', () => {
    const scope = 'jobs:read jobs:admin etl';
    expect(read({ scope }).scopes).toEqual(['jobs:read', 'etl']);
    const tokenScopes = ['jobs:admin'];
    expect(read({ scope }, { tokenScopes }).scopes).toEqual(['jobs:admin', 'etl']);
    const grants = [
      { selector: { kind: 'scope', value: 'jobs:admin' }, scopes: ['jobs:admin'] },
    ] as const;
    expect(read({ scope }, { grants }).scopes).toEqual(['jobs:read', 'etl']);
  });

  it('alone makes roles that look like tags', () => {
    expect(read({ roles: ['tag:team=finance', 'owner'] }).roles).toEqual(['owner']);
  });

  it('is given to the listed clients, one by one or by what their names begin with', () => {
    const clients = ['notebook', 'acme/*'];
    expect(read({}, { clients }).client).toBe('notebook');
    expect(read({ client_id: 'acme/x' }, { clients }).client).toBe('acme/x');
    for (const client_id of ['notebook2', 'acme', 'acmex/x', 'x/acme/', '*'])
      expect(reasonOf(() => read({ client_id }, { clients }))).toMatchObject({
        reason: 'unlisted_client',
      });
  });

  it('alone may hold a template’s scope', () => {
    const grants = [
      { selector: { kind: 'client', value: 'notebook' }, scopes: ['template:etl:run'] },
    ] as const;
    expect(read({ scope: 'template:other:run' }, { grants }).scopes).toEqual(['template:etl:run']);
  });

  it('gives an actor nothing by what the person is', () => {
    const grants = ['group:analysts', 'role:owner', 'subject:ana'].map((text) => {
      const [kind, value] = text.split(':') as ['group' | 'role' | 'subject', string];
      return { selector: { kind, value }, scopes: ['jobs:admin'] };
    });
    const claims = { groups: ['analysts'], roles: ['owner'], scope: 'jobs:read' };
    expect(read(claims, { grants }).scopes).toEqual(['jobs:read', 'jobs:admin']);
    const acting = { ...claims, act: { sub: 'agent-7' } };
    expect(read(acting, { grants }).scopes).toEqual(['jobs:read']);
  });
});

describe('the plan of a caller', () => {
  const plans = [
    { selector: { kind: 'client', value: 'notebook' }, plan: 'automation' },
    { selector: { kind: 'group', value: 'analysts' }, plan: 'limited' },
  ] as const;

  it('is the issuer’s when no rule names the caller', () => {
    expect(read({}).plan).toBe('standard');
    expect(read({ client_id: 'x', groups: [] }, { plans, plan: 'limited' }).plan).toBe('limited');
  });

  it('is that of the first rule that names the caller', () => {
    expect(read({}, { plans }).plan).toBe('automation');
    expect(read({ client_id: 'x' }, { plans }).plan).toBe('limited');
  });

  it('is limited for an actor, unless a rule says otherwise', () => {
    const act = { sub: 'agent-7' };
    expect(read({ act }).plan).toBe('limited');
    expect(read({ act }, { plan: 'automation' }).plan).toBe('limited');
    expect(read({ act }, { plans }).plan).toBe('automation');
  });
});

describe('groups and roles', () => {
  it('are read from where the configuration says', () => {
    const claims = {
      'https://claims.example/groups': ['a'],
      realm_access: { 'x/y': { 'z~': ['r'] } },
    };
    const issuer = {
      groupsClaim: 'https://claims.example/groups',
      rolesClaim: '/realm_access/x~1y/z~0',
    };
    expect(read(claims, issuer)).toMatchObject({ groups: ['a'], roles: ['r'] });
  });

  it.each([['/a/0'], ['/a/length'], ['/b/constructor'], ['/b/__proto__'], ['/c'], ['/b/c/d']])(
    'are none where the pointer %s leads out of objects',
    (rolesClaim) => {
      expect(read({ a: [['r']], b: {} }, { rolesClaim }).roles).toEqual([]);
    },
  );

  it('are refused where they are no list of names', () => {
    const error = reasonOf(() => read({ a: { b: 'r' } }, { rolesClaim: '/a/b' }));
    expect(error).toMatchObject({ reason: 'claim_invalid', claim: '/a/b' });
  });
});

describe('a client', () => {
  it('must be listed where clients are listed', () => {
    expect(read({}, { clients: ['cli', 'notebook'] }).client).toBe('notebook');
    const error = reasonOf(() => read({}, { clients: ['cli'] }));
    expect(error).toMatchObject({ reason: 'unlisted_client' });
  });
});

describe('the id of a token', () => {
  it('is made from the token where its kind has none', () => {
    const google = {
      email: 'a@p.iam.gserviceaccount.com',
      email_verified: true,
    };
    expect(read(google, { kind: 'google' }).tokenId).toBe('sha256:0');
    expect(read({}).tokenId).toBe('token-1');
  });
});
