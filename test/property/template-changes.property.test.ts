import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../shared/identity/caller.ts';
import { decideRun, type RunDecision } from '../../shared/policy/decision.ts';
import type { AllowRule } from '../../shared/templates/template.ts';
import { compareAccess } from '../../tools/changes/access.ts';
import { compareParameters } from '../../tools/changes/parameters.ts';
import { ANALYST } from '../support/callers.ts';
import { compileValidator, TIDY } from '../support/templates.ts';
import { DEFINITION } from '../tools/changes/definitions.ts';

function some(...names: readonly string[]) {
  return fc.option(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }));
}

/** Rules over few names, so that they often meet. */
const rule = fc
  .record({
    groups: some('a', 'b'),
    roles: some('r'),
    scopes: some('s'),
    issuers: some('i', 'j'),
    clients: some('c'),
    actors: some('x', '*'),
    maxRunsPerDay: fc.option(fc.constantFrom(1, 2)),
  })
  .map(({ maxRunsPerDay, ...conditions }): AllowRule => {
    const present = Object.entries(conditions).filter(([, names]) => names !== null);
    const limits = maxRunsPerDay === null ? {} : { limits: { maxRunsPerDay } };
    return { ...Object.fromEntries(present), ...limits };
  })
  .filter((each) => Object.keys(each).some((member) => member !== 'limits'));

const rules = fc.array(rule, { maxLength: 3 });

/** Everybody whom such rules could tell apart. */
const everybody: readonly Caller[] = [[], ['a'], ['b'], ['a', 'b']].flatMap((groups) =>
  [[], ['r']].flatMap((roles) =>
    [[], ['s']].flatMap((scopes) =>
      ['i', 'j', 'other'].flatMap((issuerName) =>
        ['c', 'other'].flatMap((client) =>
          [null, 'x', 'other'].map((actor) => {
            return { ...ANALYST, groups, roles, scopes, issuerName, client, actor };
          }),
        ),
      ),
    ),
  ),
);

function decideAll(allow: readonly AllowRule[]): readonly RunDecision[] {
  return everybody.map((caller) => decideRun(caller, { ...TIDY, allow }));
}

describe('a comparison of rules', () => {
  it('tells of a gain, a loss or other limits exactly when there is a caller to whom that happens', () => {
    fc.assert(
      fc.property(rules, rules, (old, own) => {
        const definition = { ...DEFINITION, limits: TIDY.limits };
        const changes = compareAccess({
          before: { ...definition, allow: old },
          after: { ...definition, allow: own },
        });
        const after = decideAll(own);
        const pairs = decideAll(old).map((was, index) => ({ was, is: after[index] ?? was }));
        const has = (topic: string, effect?: string) =>
          changes.some((each) => each.topic === topic && each.effect === (effect ?? each.effect));
        expect([has('access', 'wider'), has('access', 'narrower'), has('cost')]).toEqual([
          pairs.some(({ was, is }) => was.kind === 'deny' && is.kind === 'allow'),
          pairs.some(({ was, is }) => was.kind === 'allow' && is.kind === 'deny'),
          pairs.some(
            ({ was, is }) =>
              was.kind === 'allow' &&
              is.kind === 'allow' &&
              was.limits.maxRunsPerDay !== is.limits.maxRunsPerDay,
          ),
        ]);
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});

const bound = fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined });
const numbers = fc.record({
  type: fc.constantFrom('integer', 'number'),
  minimum: bound,
  maximum: bound,
  exclusiveMaximum: bound,
  enum: fc.option(fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { minLength: 1 }), {
    nil: undefined,
  }),
});
const parameters = fc
  .record({
    n: fc.option(numbers, { nil: undefined }),
    required: fc.boolean(),
    byDefault: fc.option(fc.constant(0), { nil: undefined }),
  })
  .map(({ n, required, byDefault }) => {
    const schema = JSON.parse(JSON.stringify({ ...n, default: byDefault })) as object;
    return {
      type: 'object',
      additionalProperties: false,
      required: required && n !== undefined ? ['n'] : [],
      properties: n === undefined ? {} : { n: schema },
    };
  })
  // A template whose defaults its own schema refuses is at fault before it is compared.
  .filter((each) => !JSON.stringify(each).includes('"default"') || compileValidator(each)({}));

/** All that a caller could send, as far as such schemas can tell. */
const bodies = [{}, ...[-3, -2, -1, 0, 0.5, 1, 2, 3, 'text'].map((n) => ({ n }))];

describe('a comparison of parameters', () => {
  it('calls a change breaking whenever it refuses what was accepted', () => {
    fc.assert(
      fc.property(parameters, parameters, (old, own) => {
        const [was, is] = [compileValidator(old), compileValidator(own)];
        const isRefused = bodies.some(
          (body) => was(structuredClone(body)) && !is(structuredClone(body)),
        );
        const changes = compareParameters({
          before: { ...DEFINITION, parameters: old },
          after: { ...DEFINITION, parameters: own },
        });
        const isSaid = changes.some(({ effect }) => effect === 'breaking');
        expect(isSaid || !isRefused).toBe(true);
      }),
      { numRuns: 80 },
    );
  }, 120_000);
});
