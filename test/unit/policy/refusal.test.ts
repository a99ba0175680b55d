import { describe, expect, it } from 'vitest';
import type { DenyDecision } from '../../../shared/policy/decision.ts';
import { refuseData, refuseRun, refuseScope } from '../../../shared/policy/refusal.ts';
import { ANALYST, OUTSIDER } from '../../support/callers.ts';
import { TIDY } from '../../support/templates.ts';

const DENIED: DenyDecision = {
  kind: 'deny',
  rule: 'tidy.allow[0]',
  missing: ['group analysts', 'role owner'],
};
const OTTO = {
  issuer: 'https://issuer.example',
  subject: 'otto',
  client: 'otto',
  actor: null,
  groups: [],
  roles: [],
};
const AUDITED = { jobId: 'jg-1', template: 'tidy', templateVersion: '1.2.0' };

describe('the refusal to run a template', () => {
  it('says who is refused, by which rule, what is missing, and where to ask', () => {
    const refusal = refuseRun(OUTSIDER, TIDY, DENIED);
    expect(refusal).toMatchObject({
      code: 'template_forbidden',
      detail:
        'You are otto; running tidy needs group analysts and role owner. Ask data@example.com.',
      ground: {
        rule: 'tidy.allow[0]',
        missing: ['group analysts', 'role owner'],
        template: 'tidy',
        templateVersion: '1.2.0',
      },
    });
    expect(refusal.extras).toEqual({
      caller: { ...OTTO, closestRule: 'tidy.allow[0]' },
      missing: ['group analysts', 'role owner'],
    });
  });

  it('names the actor and the person it acts for', () => {
    const { detail, extras } = refuseRun({ ...OUTSIDER, actor: 'agent-7' }, TIDY, DENIED);
    expect(detail).toContain('You are agent-7, acting for otto; ');
    expect(extras.caller).toMatchObject({ subject: 'otto', actor: 'agent-7' });
  });

  it.each([
    [
      'Ask at https://access.example.com/groups/analysts',
      'https://access.example.com/groups/analysts',
    ],
    ['See https://access.example.com/a?b=c#d.', 'https://access.example.com/a?b=c#d'],
    ['(https://access.example.com)', 'https://access.example.com'],
    ['http://access.example.com', undefined],
    ['Ask data@example.com.', undefined],
    ['https://', undefined],
  ])('links to where to ask if that is an https address: %s', (access, url) => {
    const { extras } = refuseRun(OUTSIDER, { ...TIDY, access }, DENIED);
    expect(extras.links).toEqual(url === undefined ? undefined : { requestAccess: url });
  });
});

describe('the refusal of a scope', () => {
  it('says who is refused, what the token gives, what is missing, and where to ask', () => {
    const refusal = refuseScope(ANALYST, 'jobs:cancel');
    expect(refusal).toMatchObject({
      code: 'insufficient_scope',
      detail:
        'You are ana; this operation needs the scope jobs:cancel. Your token gives jobs:read, jobs:submit. Ask for more where you got it, https://issuer.example, or the operators of this API.',
      ground: { rule: 'jobs:cancel', missing: ['scope jobs:cancel'] },
    });
    expect(refusal.extras).toMatchObject({
      caller: { subject: 'ana', groups: ['analysts'], scopes: ['jobs:read', 'jobs:submit'] },
      missing: ['scope jobs:cancel'],
    });
  });

  it('says that a token gives no scope at all', () => {
    const { detail } = refuseScope({ ...ANALYST, scopes: [] }, 'jobs:read');
    expect(detail).toContain('Your token gives no scope.');
  });
});

describe('the refusal of a job’s data', () => {
  it('for want of a scope says so', () => {
    const denied: DenyDecision = { kind: 'deny', rule: 'data:read', missing: ['scope data:read'] };
    const refusal = refuseData(OUTSIDER, { template: TIDY, audited: AUDITED }, denied);
    expect(refusal).toMatchObject({
      code: 'insufficient_scope',
      detail:
        'You are otto. You may see this job; to read its data you need scope data:read. Your token gives jobs:read, jobs:submit. Ask for more where you got it, https://issuer.example, or the operators of this API.',
      ground: { rule: 'data:read', missing: ['scope data:read'], ...AUDITED },
    });
    expect(refusal.extras).toEqual({
      job: 'jg-1',
      caller: { ...OTTO, scopes: ['jobs:read', 'jobs:submit'], closestRule: 'data:read' },
      missing: ['scope data:read'],
    });
  });

  it('whose template is gone can be asked of the operators alone', () => {
    const denied: DenyDecision = { kind: 'deny', rule: 'template-gone', missing: ['a rule'] };
    const refusal = refuseData(OUTSIDER, { template: undefined, audited: AUDITED }, denied);
    expect(refusal).toMatchObject({
      code: 'template_forbidden',
      detail:
        'You are otto. You may see this job; to read its data you need a rule. Ask its operators.',
    });
  });

  it('for want of the template’s rule says where to ask for that', () => {
    const template = { ...TIDY, access: 'Ask at https://access.example.com.' };
    const refusal = refuseData(OUTSIDER, { template, audited: AUDITED }, DENIED);
    expect(refusal).toMatchObject({
      code: 'template_forbidden',
      detail:
        'You are otto. You may see this job; to read its data you need group analysts and role owner. Ask at https://access.example.com.',
      extras: { job: 'jg-1', links: { requestAccess: 'https://access.example.com' } },
    });
  });
});
