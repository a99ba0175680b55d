import { describe, expect, it } from 'vitest';
import {
  decideReadData,
  decideRun,
  decideSee,
  decideStart,
} from '../../../shared/policy/decision.ts';
import type { AllowRule } from '../../../shared/templates/template.ts';
import { ADMIN, ANALYST, OUTSIDER } from '../../support/callers.ts';
import { TIDY } from '../../support/templates.ts';

function allowing(...allow: readonly AllowRule[]): typeof TIDY {
  return { ...TIDY, allow };
}

const OWN = { submittedBy: { issuer: ANALYST.issuer, subject: ANALYST.subject, actor: null } };
const FULL = { ...ANALYST, roles: ['operator'] };
const ACTING = { ...FULL, actor: 'agent-7' };

describe('the decision to run a template', () => {
  it.each<readonly [string, AllowRule, readonly string[]]>([
    ['an issuer', { issuers: ['test'] }, []],
    ['another issuer', { issuers: ['other'] }, ['issuer other']],
    ['a group', { groups: ['others', 'analysts'] }, []],
    ['another group', { groups: ['Analysts'] }, ['group Analysts']],
    ['a role', { roles: ['operator'] }, []],
    ['another role', { roles: ['owner'] }, ['role owner']],
    ['a scope', { scopes: ['jobs:submit'] }, []],
    ['another scope', { scopes: ['jobs:admin'] }, ['scope jobs:admin']],
    ['a client', { clients: ['notebook'] }, []],
    ['another client', { clients: ['cli', 'ci'] }, ['client cli or ci']],
    ['a list without entries', { groups: [] }, ['group ']],
    [
      'two conditions of which one is met',
      { groups: ['analysts'], roles: ['owner'] },
      ['role owner'],
    ],
    [
      'two conditions of which none is met',
      { groups: ['platform'], roles: ['owner'] },
      ['group platform', 'role owner'],
    ],
  ])('holds every condition of a rule: %s', (_name, rule, missing) => {
    const name = 'tidy.allow[0]';
    expect(decideRun(FULL, allowing(rule))).toEqual(
      missing.length === 0
        ? { kind: 'allow', rule: name, limits: TIDY.limits }
        : { kind: 'deny', rule: name, missing },
    );
  });

  it.each<readonly [string, AllowRule, readonly string[]]>([
    ['that names it', { actors: ['agent-8', 'agent-7'] }, []],
    ['that names any', { actors: ['*'] }, []],
    ['that names another', { actors: ['agent-8'] }, ['actor agent-8']],
    ['that names none', { groups: ['analysts'] }, ['a rule that names the actor agent-7']],
    [
      'that names none, and lets the person in no more',
      { groups: ['platform'] },
      ['group platform', 'a rule that names the actor agent-7'],
    ],
    ['that names it, and not the person', { actors: ['*'], groups: ['x'] }, ['group x']],
  ])('lets an actor act for a person only by a rule for it: one %s', (_name, rule, missing) => {
    const decision = decideRun(ACTING, allowing(rule));
    expect(decision.kind === 'allow' ? [] : decision.missing).toEqual(missing);
  });

  it.each<readonly [readonly string[], string]>([
    [['agent-7'], 'actor agent-7'],
    [['*'], 'an actor'],
  ])('keeps who acts for itself out of a rule for the actors %j', (actors, missing) => {
    expect(decideRun(FULL, allowing({ actors }))).toMatchObject({
      kind: 'deny',
      missing: [missing],
    });
  });

  it('lets the first rule that admits decide, with its own limits in place of the template’s', () => {
    const rules = [
      { groups: ['others'], limits: { maxRunsPerDay: 1 } },
      {
        groups: ['analysts'],
        limits: { maxRuntimeSeconds: 600, maxConcurrent: { perCaller: 1 } },
      },
      { groups: ['analysts'], limits: { maxRunsPerDay: 2 } },
    ];
    expect(decideRun(FULL, allowing(...rules))).toEqual({
      kind: 'allow',
      rule: 'tidy.allow[1]',
      limits: {
        maxRuntimeSeconds: 600,
        maxConcurrent: { perCaller: 1, perTemplate: 10 },
        maxRunsPerDay: 50,
        maxCost: { amount: '5.00', currency: 'USD' },
      },
    });
  });

  it('admits nobody without rules', () => {
    expect(decideRun(ADMIN, allowing())).toEqual({
      kind: 'deny',
      rule: 'tidy.allow',
      missing: ['a rule, and this template has none'],
    });
  });

  it('admits nobody by a rule without conditions', () => {
    expect(decideRun(ADMIN, allowing({}))).toEqual({
      kind: 'deny',
      rule: 'tidy.allow[0]',
      missing: ['a condition in this rule'],
    });
  });

  it('names the rule that admits', () => {
    expect(decideRun(ADMIN, TIDY)).toMatchObject({ kind: 'allow', rule: 'tidy.allow[1]' });
  });

  it('names the rule that came closest, the first of equals', () => {
    const far = { groups: ['a'], roles: ['b'], clients: ['c'] };
    const near = { groups: ['analysts'], roles: ['b'] };
    expect(decideRun(ANALYST, allowing(far, near, { groups: ['z'] }))).toEqual({
      kind: 'deny',
      rule: 'tidy.allow[1]',
      missing: ['role b'],
    });
  });

  it('admits nobody by a rule of limits alone', () => {
    expect(decideRun(ADMIN, allowing({ limits: { maxRunsPerDay: 1 } }))).toMatchObject({
      kind: 'deny',
      missing: ['a condition in this rule'],
    });
  });

  it('lets nobody without an actor through a rule for actors', () => {
    expect(decideRun(ANALYST, allowing({ actors: ['', 'null'] })).kind).toBe('deny');
  });
});

describe('the decision to start a job', () => {
  it('is that to run its template for one whose token has jobs:submit', () => {
    expect(decideStart(ANALYST, TIDY)).toEqual(decideRun(ANALYST, TIDY));
    expect(decideStart(OUTSIDER, TIDY)).toEqual(decideRun(OUTSIDER, TIDY));
  });

  it('is a denial without jobs:submit, which is named beside what else is missing', () => {
    expect(decideStart({ ...ADMIN, scopes: [] }, TIDY)).toEqual({
      kind: 'deny',
      rule: 'jobs:submit',
      missing: ['scope jobs:submit'],
    });
    const missing = ['group platform', 'scope jobs:submit'];
    expect(decideStart({ ...OUTSIDER, scopes: [] }, TIDY)).toMatchObject({ kind: 'deny', missing });
  });
});

describe('the decision to show a job', () => {
  it('allows its submitter, through whatever client', () => {
    expect(decideSee({ ...ANALYST, client: 'cli', scopes: [] }, OWN)).toEqual({
      kind: 'allow',
      rule: 'own-job',
    });
  });

  it('allows who acts for the submitter what it submitted itself, and no other job of that person', () => {
    const agent = { ...ANALYST, actor: 'agent-7' };
    const byAgent = { submittedBy: { ...OWN.submittedBy, actor: 'agent-7' } };
    expect(decideSee(agent, byAgent).kind).toBe('allow');
    expect(decideSee(ANALYST, byAgent).kind).toBe('allow');
    expect(decideSee(agent, OWN).kind).toBe('deny');
    expect(decideSee({ ...agent, actor: 'agent-8' }, byAgent).kind).toBe('deny');
    expect(decideReadData(agent, OWN, TIDY).kind).toBe('deny');
  });

  it('allows jobs:admin', () => {
    expect(decideSee(ADMIN, OWN)).toEqual({ kind: 'allow', rule: 'jobs:admin' });
  });

  it('denies everybody else, and the same subject of another issuer', () => {
    const denial = { kind: 'deny', rule: 'own-job', missing: ['scope jobs:admin'] };
    expect(decideSee(OUTSIDER, OWN)).toEqual(denial);
    expect(decideSee({ ...ANALYST, issuer: 'https://other.example' }, OWN)).toEqual(denial);
  });
});

describe('the decision to read a job’s data', () => {
  const reader = { ...ADMIN, scopes: ['jobs:admin', 'data:read'] };

  it('allows its submitter, even when the template is gone', () => {
    expect(decideReadData(ANALYST, OWN, undefined)).toEqual({ kind: 'allow', rule: 'own-job' });
  });

  it('denies jobs:admin without data:read', () => {
    expect(decideReadData(ADMIN, OWN, TIDY)).toEqual({
      kind: 'deny',
      rule: 'data:read',
      missing: ['scope data:read'],
    });
  });

  it('denies data:read without jobs:admin', () => {
    const caller = { ...ADMIN, scopes: ['data:read'] };
    expect(decideReadData(caller, OWN, TIDY)).toMatchObject({ kind: 'deny', rule: 'own-job' });
  });

  it('denies both scopes without the template’s own rule', () => {
    const caller = { ...reader, groups: [] };
    expect(decideReadData(caller, OWN, TIDY)).toEqual({
      kind: 'deny',
      rule: 'tidy.allow[1]',
      missing: ['group platform'],
    });
  });

  it('denies both scopes when the template is gone', () => {
    expect(decideReadData(reader, OWN, undefined)).toEqual({
      kind: 'deny',
      rule: 'template-gone',
      missing: ['a rule of a template that no longer exists'],
    });
  });

  it('allows both scopes with the template’s own rule, which it names', () => {
    expect(decideReadData(reader, OWN, TIDY)).toEqual({
      kind: 'allow',
      rule: 'data:read+tidy.allow[1]',
    });
  });
});
