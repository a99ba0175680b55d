import { describe, expect, it } from 'vitest';
import type { AllowRule, TemplateLimits } from '../../../shared/templates/template.ts';
import {
  compareAccess,
  describeAccess,
  describeLostAccess,
} from '../../../tools/changes/access.ts';
import { DEFINITION, toLines } from './definitions.ts';

const LIMITS = 'up to 5.00 USD and 1,800 s a run, 2 at once (10 of all callers), 50 a day';

interface Side {
  readonly allow?: readonly AllowRule[];
  readonly limits?: Partial<TemplateLimits>;
}

function compare(before: Side, after: Side): readonly string[] {
  const [old, own] = [before, after].map(({ allow, limits }) => ({
    ...DEFINITION,
    allow: allow ?? DEFINITION.allow,
    limits: { ...DEFINITION.limits, ...limits },
  }));
  if (old === undefined || own === undefined) return [];
  return toLines(compareAccess({ before: old, after: own }));
}

function compareRules(
  before: readonly AllowRule[],
  after: readonly AllowRule[],
): readonly string[] {
  return compare({ allow: before }, { allow: after });
}

const A: AllowRule = { groups: ['a'] };
const B: AllowRule = { groups: ['b'] };

describe('who may run a template', () => {
  it.each<readonly [string, readonly AllowRule[], readonly AllowRule[], readonly string[]]>([
    ['a new group', [A], [A, B], [`wider: group b may now run tidy, ${LIMITS}`]],
    [
      'a new group in a list',
      [A],
      [{ groups: ['a', 'b'] }],
      [`wider: group b may now run tidy, ${LIMITS}`],
    ],
    [
      'two new groups with the same limits',
      [A],
      [A, B, { groups: ['c'] }],
      [`wider: group b, group c may now run tidy, ${LIMITS}`],
    ],
    ['a group that is gone', [A, B], [A], ['narrower: group b may no longer run tidy']],
    [
      'a condition that is gone',
      [{ groups: ['a'], scopes: ['s'] }],
      [A],
      [`wider: group a (until now only group a with scope s) may now run tidy, ${LIMITS}`],
    ],
    [
      'a condition more',
      [A],
      [{ groups: ['a'], roles: ['r'] }],
      ['narrower: group a (from now on only group a and role r) may no longer run tidy'],
    ],
    [
      'an actor',
      [A],
      [A, { groups: ['a'], actors: ['agent'] }],
      [`wider: group a through actor agent may now run tidy, ${LIMITS}`],
    ],
    [
      'any actor in place of one',
      [{ actors: ['agent'] }],
      [{ actors: ['*'] }],
      [
        `wider: anyone through any actor (until now only anyone through actor agent) may now run tidy, ${LIMITS}`,
      ],
    ],
    [
      'any actor in place of nobody’s',
      [A],
      [{ groups: ['a'], actors: ['*'] }],
      [
        `wider: group a through any actor may now run tidy, ${LIMITS}`,
        'narrower: group a may no longer run tidy',
      ],
    ],
    [
      'everybody of an issuer, by a client',
      [],
      [{ issuers: ['i'], clients: ['c'] }],
      [`wider: anyone of issuer i by client c may now run tidy, ${LIMITS}`],
    ],
    [
      'a value of each of three lists',
      [],
      [{ groups: ['a', 'b'], roles: ['r'], scopes: ['s', 't'] }],
      [
        `wider: group a and role r with scope s, group a and role r with scope t, group b and role r with scope s, group b and role r with scope t may now run tidy, ${LIMITS}`,
      ],
    ],
  ])('changes by %s', (_name, before, after, lines) => {
    expect(compareRules(before, after)).toEqual(lines);
  });

  it.each<readonly [string, readonly AllowRule[], readonly AllowRule[]]>([
    ['rules in another order', [A, B], [B, A]],
    ['one rule in place of two', [A, B], [{ groups: ['b', 'a'] }]],
    ['a rule that another one holds', [A], [A, { groups: ['a'], scopes: ['s'] }]],
    ['an actor whom any stands for', [{ actors: ['*'] }], [{ actors: ['*', 'agent'] }]],
    ['a name twice', [A], [{ groups: ['a', 'a'] }]],
  ])('does not change by %s', (_name, before, after) => {
    expect(compareRules(before, after)).toEqual([]);
  });

  it('is told for a rule of very many combinations as a whole', () => {
    const many = Array.from({ length: 30 }, (_, index) => `g${index}`);
    expect(compareRules([A], [A, { groups: many }])).toEqual([
      `wider: group ${many.join(' or ')} may now run tidy, ${LIMITS}`,
    ]);
  });

  it('is told in full for a template that is new, or gone', () => {
    const definition = { ...DEFINITION, allow: [A, B] };
    expect(toLines(describeAccess(definition))).toEqual([
      `wider: group a, group b may now run tidy, ${LIMITS}`,
    ]);
    expect(toLines(describeLostAccess(definition))).toEqual([
      'narrower: group a, group b may no longer run tidy',
    ]);
    expect(toLines(describeAccess({ ...DEFINITION, allow: [] }))).toEqual([
      'changed: nobody may run tidy: it has no rule',
    ]);
  });
});

describe('what a run may cost', () => {
  it.each<readonly [string, Partial<TemplateLimits>, readonly string[]]>([
    [
      'a higher cost',
      { maxCost: { amount: '50.5', currency: 'USD' } },
      ['wider: group analysts: cost of a run up to 50.50 USD (was 5.00 USD)'],
    ],
    [
      'another currency',
      { maxCost: { amount: '4', currency: 'EUR' } },
      ['wider: group analysts: cost of a run up to 4.00 EUR (was 5.00 USD)'],
    ],
    [
      'a longer runtime and fewer runs',
      { maxRuntimeSeconds: 3600, maxRunsPerDay: 5 },
      [
        'wider: group analysts: runtime up to 3,600 s (was 1,800 s), runs a day of one caller up to 5 (was 50)',
      ],
    ],
    [
      'fewer at once',
      { maxConcurrent: { perCaller: 1, perTemplate: 9 } },
      [
        'narrower: group analysts: runs at once of one caller up to 1 (was 2), runs at once of all callers up to 9 (was 10)',
      ],
    ],
    ['the same amount in other words', { maxCost: { amount: '5.00', currency: 'USD' } }, []],
  ])('changes by %s of the template', (_name, limits, lines) => {
    expect(compare({}, { limits })).toEqual(lines);
  });

  it('changes for those of a rule whose own limit does', () => {
    const cheap = { groups: ['a'], limits: { maxRunsPerDay: 5 } };
    const dear = { groups: ['a'], limits: { maxRunsPerDay: 6 } };
    expect(compareRules([cheap, B], [dear, B])).toEqual([
      'wider: group a: runs a day of one caller up to 6 (was 5)',
    ]);
  });

  it('changes for those who meet two rules when the other one comes first', () => {
    const few = { groups: ['b'], limits: { maxRunsPerDay: 5 } };
    expect(compareRules([A, few], [few, A])).toEqual([
      'narrower: group a and group b: runs a day of one caller up to 5 (was 50)',
    ]);
    expect(compareRules([few, A], [A, few])).toEqual([
      'wider: group b and group a: runs a day of one caller up to 50 (was 5)',
    ]);
  });

  it('does not change for clients in turn, whom a token names one of', () => {
    const few = { clients: ['x'], limits: { maxRunsPerDay: 5 } };
    const other = { clients: ['y'] };
    expect(compareRules([few, other], [other, few])).toEqual([]);
  });
});
