import { toEffectiveLimits } from '../../shared/templates/limits.ts';
import type { TemplateLimits } from '../../shared/templates/template.ts';
import { covers, describeCallers, intersect, toCallers, type Callers } from './callers.ts';
import { say, type Change, type Definition, type Definitions, type Effect } from './change.ts';
import { compareLimits, describeLimits } from './limits.ts';

/** A set of callers whom a rule admits, and their limits. */
interface Admission {
  readonly callers: Callers;
  readonly limits: TemplateLimits;
}

/** Above this many sets of callers, pairs of them are not looked at one by one. */
const MOST_SETS = 200;

/** Says who may run a template that could not before, who no more, and whose limits are other ones. */
export function compareAccess({ before, after }: Definitions): readonly Change[] {
  const [old, own] = [toAdmissions(before), toAdmissions(after)];
  return [
    ...describeGains(after.name, own, old),
    ...describeLosses(after.name, old, own),
    ...describeLimitChanges(old, own),
  ];
}

/** Says who may run a template that is new. */
export function describeAccess(definition: Definition): readonly Change[] {
  const admissions = toAdmissions(definition);
  if (admissions.length === 0)
    return [say('access', 'changed', `nobody may run ${definition.name}: it has no rule`)];
  return describeGains(definition.name, admissions, []);
}

/** Says who could run a template that is gone. */
export function describeLostAccess(definition: Definition): readonly Change[] {
  return describeLosses(definition.name, toAdmissions(definition), []);
}

/** In the order of the rules: the first that admits a caller gives the limits. */
function toAdmissions(definition: Definition): readonly Admission[] {
  return definition.allow.flatMap((rule) => {
    const limits = toEffectiveLimits(definition, rule);
    return toCallers(rule).map((callers) => ({ callers, limits }));
  });
}

function findLimits(
  admissions: readonly Admission[],
  callers: Callers,
): TemplateLimits | undefined {
  return admissions.find((each) => covers(each.callers, callers))?.limits;
}

function describeGains(
  name: string,
  own: readonly Admission[],
  old: readonly Admission[],
): readonly Change[] {
  const gains = own.filter(({ callers }) => findLimits(old, callers) === undefined);
  const rows = gains.map(({ callers }) => {
    const limits = findLimits(own, callers);
    const except = listOthers(callers, old, 'until now only');
    return { callers, except, text: limits === undefined ? '' : describeLimits(limits) };
  });
  return merge(rows).map(([who, limits]) =>
    say('access', 'wider', `${who} may now run ${name}, ${limits}`),
  );
}

function describeLosses(
  name: string,
  old: readonly Admission[],
  own: readonly Admission[],
): readonly Change[] {
  const losses = old.filter(({ callers }) => findLimits(own, callers) === undefined);
  const rows = losses.map(({ callers }) => {
    return { callers, text: '', except: listOthers(callers, own, 'from now on only') };
  });
  return merge(rows).map(([who]) => say('access', 'narrower', `${who} may no longer run ${name}`));
}

/** Names those among the callers who are admitted on the other side of the change. */
function listOthers(callers: Callers, others: readonly Admission[], words: string): string {
  const among = others.filter((each) => covers(callers, each.callers));
  const names = [...new Set(among.map((each) => describeCallers(each.callers)))];
  return names.length === 0 ? '' : ` (${words} ${names.join(', ')})`;
}

/**
 * Whoever could and can run it met an old rule first and meets a new one first, so that those who meet both stand for
 * all of them. A set is left out when a larger one has the same change.
 */
function describeLimitChanges(
  old: readonly Admission[],
  own: readonly Admission[],
): readonly Change[] {
  const found: (Row & { readonly effect: Effect })[] = [];
  const sets = listSets(old, own).sort((one, other) => one.length - other.length);
  for (const callers of sets) {
    const [was, is] = [findLimits(old, callers), findLimits(own, callers)];
    const change = was === undefined || is === undefined ? undefined : compareLimits(was, is);
    if (change === undefined) continue;
    const isKnown = found.some(
      (each) => each.text === change.text && covers(each.callers, callers),
    );
    if (!isKnown) found.push({ callers, ...change });
  }
  return (['wider', 'narrower'] as const).flatMap((effect) =>
    merge(found.filter((each) => each.effect === effect)).map(([who, text]) =>
      say('cost', effect, `${who}: ${text}`),
    ),
  );
}

function listSets(old: readonly Admission[], own: readonly Admission[]): Callers[] {
  const singles = [...old, ...own].map(({ callers }) => callers);
  if (singles.length > MOST_SETS) return singles;
  const pairs = old.flatMap((one) => own.map((other) => intersect(one.callers, other.callers)));
  return [...singles, ...pairs.filter((callers) => callers !== undefined)];
}

interface Row {
  readonly callers: Callers;
  /** What follows their name. */
  readonly except?: string;
  /** What is to be said of them. */
  readonly text: string;
}

/** Those of whom the same is to be said share a sentence. */
function merge(rows: readonly Row[]): readonly (readonly [who: string, text: string])[] {
  const names = new Map<string, string[]>();
  for (const { callers, except = '', text } of rows) {
    const who = names.get(text) ?? [];
    const name = `${describeCallers(callers)}${except}`;
    names.set(text, who.includes(name) ? who : [...who, name]);
  }
  return [...names].map(([text, who]) => [who.join(', '), text]);
}
