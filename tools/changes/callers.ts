import type { AllowRule } from '../../shared/templates/template.ts';

type Dimension = 'issuer' | 'group' | 'role' | 'scope' | 'client' | 'actor';

/** What a caller must be: one of the values, in one respect. */
interface Condition {
  readonly dimension: Dimension;
  readonly values: readonly string[];
}

/** Callers who meet every one of these conditions. */
export type Callers = readonly Condition[];

/** Stands for a caller who acts for nobody else, as rules without `actors` want it. */
const SELF = '';
const ANY_ACTOR = '*';
/** A token has one of each of these. */
const SINGLE: readonly Dimension[] = ['issuer', 'client', 'actor'];
/** A rule of more combinations than these is looked at as a whole. */
const MOST_COMBINATIONS = 24;

/** The callers that a rule admits: one set for each combination of its values, or a single one if these are many. */
export function toCallers(rule: AllowRule): readonly Callers[] {
  const whole = toConditions(rule);
  const combinations = whole.reduce((count, { values }) => count * values.length, 1);
  if (combinations > MOST_COMBINATIONS) return [whole];
  return whole.reduce<readonly Callers[]>(
    (all, { dimension, values }) =>
      all.flatMap((set) => values.map((value) => [...set, { dimension, values: [value] }])),
    [[]],
  );
}

function toConditions(rule: AllowRule): Callers {
  const lists: readonly (readonly [Dimension, readonly string[] | undefined])[] = [
    ['group', rule.groups],
    ['role', rule.roles],
    ['scope', rule.scopes],
    ['issuer', rule.issuers],
    ['client', rule.clients],
    ['actor', rule.actors ?? [SELF]],
  ];
  return lists.flatMap(([dimension, values]) =>
    values === undefined ? [] : [{ dimension, values: [...new Set(values)] }],
  );
}

/** Whether everyone of `some` is certainly one of `all`. */
export function covers(all: Callers, some: Callers): boolean {
  return all.every((wanted) => some.some((held) => implies(held, wanted)));
}

function implies(held: Condition, wanted: Condition): boolean {
  if (held.dimension !== wanted.dimension) return false;
  return held.values.every((value) => accepts(wanted, value));
}

function accepts({ dimension, values }: Condition, value: string): boolean {
  if (values.includes(value)) return true;
  return dimension === 'actor' && value !== SELF && values.includes(ANY_ACTOR);
}

/** Those who are both; undefined when nobody can be. */
export function intersect(one: Callers, other: Callers): Callers | undefined {
  const more = other.filter((condition) => !one.some((held) => implies(held, condition)));
  const less = one.filter((condition) => !more.some((held) => implies(held, condition)));
  const excluded = less.some((condition) => more.some((each) => excludes(condition, each)));
  return excluded ? undefined : [...less, ...more];
}

function excludes(one: Condition, other: Condition): boolean {
  if (one.dimension !== other.dimension || !SINGLE.includes(one.dimension)) return false;
  return !one.values.some(
    (value) => accepts(other, value) || other.values.some((each) => accepts(one, each)),
  );
}

/** Names callers: `group finance with scope jobs:submit`. */
export function describeCallers(callers: Callers): string {
  const pick = (dimension: Dimension, word = ` ${dimension} `) =>
    callers
      .filter((condition) => condition.dimension === dimension)
      .map(({ values }) => `${word}${values.join(' or ')}`);
  const who = [...pick('group'), ...pick('role')].map((part) => part.trim()).join(' and ');
  const scoped = pick('scope', ' with scope ');
  const from = [...pick('issuer', ' of issuer '), ...pick('client', ' by client ')];
  return [who === '' ? 'anyone' : who, ...scoped, ...from, ...describeActors(callers)].join('');
}

function describeActors(callers: Callers): readonly string[] {
  return callers
    .filter(({ dimension }) => dimension === 'actor')
    .map(({ values }) => {
      if (values.includes(ANY_ACTOR)) return ' through any actor';
      return values.includes(SELF) ? '' : ` through actor ${values.join(' or ')}`;
    });
}
