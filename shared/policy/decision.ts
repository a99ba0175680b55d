import { isSameIdentity, type Caller } from '../identity/caller.ts';
import { toEffectiveLimits } from '../templates/limits.ts';
import type { AllowRule, Template, TemplateLimits } from '../templates/template.ts';

/** A verdict with the rule that decided: a value, never an exception. */
export type Decision = { readonly kind: 'allow'; readonly rule: string } | DenyDecision;

/** A denial, with the rule that came closest and what it wants beside. */
export interface DenyDecision {
  readonly kind: 'deny';
  readonly rule: string;
  readonly missing: readonly string[];
}

/** The verdict on running a template, with the limits that hold for the caller. */
export type RunDecision =
  { readonly kind: 'allow'; readonly rule: string; readonly limits: TemplateLimits } | DenyDecision;

/**
 * Decides whether a caller may start a job of a template: the operation's scope, and one of the template's rules.
 */
export function decideStart(caller: Caller, template: Template): RunDecision {
  const run = decideRun(caller, template);
  if (caller.scopes.includes('jobs:submit')) return run;
  const scope = 'scope jobs:submit';
  if (run.kind === 'allow') return { kind: 'deny', rule: 'jobs:submit', missing: [scope] };
  return { ...run, missing: [...new Set([...run.missing, scope])] };
}

/**
 * Decides whether a template's rules admit a caller: the first that does counts. No rule, nobody. The rule that came
 * closest is named in a denial.
 */
export function decideRun(caller: Caller, template: Template): RunDecision {
  let closest: DenyDecision = {
    kind: 'deny',
    rule: `${template.name}.allow`,
    missing: ['a rule, and this template has none'],
  };
  let fewest = Number.POSITIVE_INFINITY;
  for (const [index, rule] of template.allow.entries()) {
    const name = `${template.name}.allow[${index}]`;
    const missing = findMissing(caller, rule);
    if (missing.length === 0) {
      return { kind: 'allow', rule: name, limits: toEffectiveLimits(template, rule) };
    }
    if (missing.length < fewest) closest = { kind: 'deny', rule: name, missing };
    fewest = Math.min(fewest, missing.length);
  }
  return closest;
}

/**
 * Tells whether a job is the caller's own: the same identity submitted it. Who acts for a person owns what it submitted
 * for that person itself, and nothing else of theirs.
 */
export function isOwnJob(caller: Caller, { submittedBy }: JobOwnership): boolean {
  const actsAsBefore = caller.actor === null || caller.actor === submittedBy.actor;
  return isSameIdentity(caller, submittedBy) && actsAsBefore;
}

/** Decides whether a caller may know that a job exists: its submitter, or anyone with `jobs:admin`. */
export function decideSee(caller: Caller, job: JobOwnership): Decision {
  if (isOwnJob(caller, job)) return { kind: 'allow', rule: 'own-job' };
  if (caller.scopes.includes('jobs:admin')) return { kind: 'allow', rule: 'jobs:admin' };
  return { kind: 'deny', rule: 'own-job', missing: ['scope jobs:admin'] };
}

/**
 * Decides whether a caller may read a job's log, results and files: its submitter; others need `jobs:admin` to see it,
 * `data:read`, and the template's own rule (undefined when the template is gone).
 */
export function decideReadData(
  caller: Caller,
  job: JobOwnership,
  template: Template | undefined,
): Decision {
  const see = decideSee(caller, job);
  if (see.kind === 'deny' || see.rule === 'own-job') return see;
  if (!caller.scopes.includes('data:read')) {
    return { kind: 'deny', rule: 'data:read', missing: ['scope data:read'] };
  }
  if (template === undefined) {
    return {
      kind: 'deny',
      rule: 'template-gone',
      missing: ['a rule of a template that no longer exists'],
    };
  }
  const run = decideRun(caller, template);
  return run.kind === 'allow' ? { kind: 'allow', rule: `data:read+${run.rule}` } : run;
}

/** Whose job it is. */
export interface JobOwnership {
  readonly submittedBy: {
    readonly issuer: string;
    readonly subject: string;
    readonly actor: string | null;
  };
}

type Label = 'issuer' | 'group' | 'role' | 'scope' | 'client' | 'actor';

interface Condition {
  readonly label: Label;
  readonly wanted: readonly string[] | undefined;
  readonly held: readonly string[];
}

/** In a rule's `actors`: whoever acts for the subject. */
const ANY_ACTOR = '*';

function findMissing(caller: Caller, rule: AllowRule): readonly string[] {
  const conditions: readonly Condition[] = [
    { label: 'issuer', wanted: rule.issuers, held: [caller.issuerName] },
    { label: 'group', wanted: rule.groups, held: caller.groups },
    { label: 'role', wanted: rule.roles, held: caller.roles },
    { label: 'scope', wanted: rule.scopes, held: caller.scopes },
    { label: 'client', wanted: rule.clients, held: [caller.client] },
    { label: 'actor', wanted: rule.actors, held: caller.actor === null ? [] : [caller.actor] },
  ];
  const present = conditions.filter((condition) => condition.wanted !== undefined);
  if (present.length === 0) return ['a condition in this rule'];
  const unmet = present.filter(isUnmet).map(describe);
  const actsUnnamed = caller.actor !== null && rule.actors === undefined;
  return actsUnnamed ? [...unmet, `a rule that names the actor ${caller.actor}`] : unmet;
}

function isUnmet({ label, wanted = [], held }: Condition): boolean {
  if (label === 'actor' && held.length > 0 && wanted.includes(ANY_ACTOR)) return false;
  return !wanted.some((value) => held.includes(value));
}

function describe({ label, wanted = [] }: Condition): string {
  if (label === 'actor' && wanted.includes(ANY_ACTOR)) return 'an actor';
  return `${label} ${wanted.join(' or ')}`;
}
