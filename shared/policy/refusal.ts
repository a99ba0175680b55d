import type { Caller } from '../identity/caller.ts';
import { Denial, type DenialGround } from '../problem.ts';
import type { Template } from '../templates/template.ts';
import type { DenyDecision } from './decision.ts';

/** Says who a caller is to the API, so that a person sees which identity was refused. */
export function describeIdentity(caller: Caller): Readonly<Record<string, unknown>> {
  const { issuer, subject, client, actor, groups, roles } = caller;
  return { issuer, subject, client, actor, groups, roles };
}

/** Names a caller in a sentence: an actor is somebody else than the subject that it acts for. */
export function nameCaller(caller: Caller): string {
  return caller.actor === null ? caller.subject : `${caller.actor}, acting for ${caller.subject}`;
}

/** Refuses an operation whose scope the token lacks. */
export function refuseScope(caller: Caller, scope: string): Denial {
  const missing = [`scope ${scope}`];
  return new Denial(
    'insufficient_scope',
    `You are ${nameCaller(caller)}; this operation needs the scope ${scope}. ${askForScope(caller)}`,
    { rule: scope, missing },
    { caller: { ...describeIdentity(caller), scopes: caller.scopes }, missing },
  );
}

/** Refuses to run a template, as {@link DenyDecision} says why. */
export function refuseRun(caller: Caller, template: Template, denied: DenyDecision): Denial {
  const { rule, missing } = denied;
  return new Denial(
    'template_forbidden',
    `You are ${nameCaller(caller)}; running ${template.name} needs ${missing.join(' and ')}. ${template.access}`,
    { rule, missing, template: template.name, templateVersion: template.version },
    {
      caller: { ...describeIdentity(caller), closestRule: rule },
      missing,
      ...toAccessLinks(template),
    },
  );
}

/** The job whose data are refused: its template (undefined when it is gone), and what the audit says of it. */
export interface RefusedData {
  readonly template: Template | undefined;
  readonly audited: Omit<DenialGround, 'rule' | 'missing'>;
}

/** Refuses a job's log, results and files to a caller who sees the job. */
export function refuseData(caller: Caller, data: RefusedData, denied: DenyDecision): Denial {
  const { rule, missing } = denied;
  const { template, audited } = data;
  const ofScope = rule === 'data:read';
  const where = ofScope ? askForScope(caller) : (template?.access ?? 'Ask its operators.');
  const { jobId } = audited;
  return new Denial(
    ofScope ? 'insufficient_scope' : 'template_forbidden',
    `You are ${nameCaller(caller)}. You may see this job; to read its data you need ${missing.join(' and ')}. ${where}`,
    { rule, missing, ...audited },
    {
      ...(jobId === undefined ? {} : { job: jobId }),
      caller: { ...describeIdentity(caller), scopes: caller.scopes, closestRule: rule },
      missing,
      ...(ofScope ? {} : toAccessLinks(template)),
    },
  );
}

/** Refuses a job's audit to a caller who sees the job. */
export function refuseAudit(
  caller: Caller,
  audited: Omit<DenialGround, 'rule' | 'missing'>,
  { rule, missing }: DenyDecision,
): Denial {
  return new Denial(
    'insufficient_scope',
    `You are ${nameCaller(caller)}. You may see this job; to read its audit you need ${missing.join(' and ')}. ${askForScope(caller)}`,
    { rule, missing, ...audited },
    {
      ...(audited.jobId === undefined ? {} : { job: audited.jobId }),
      caller: { ...describeIdentity(caller), scopes: caller.scopes, closestRule: rule },
      missing,
    },
  );
}

function askForScope(caller: Caller): string {
  const held = caller.scopes.length === 0 ? 'no scope' : caller.scopes.join(', ');
  return `Your token gives ${held}. Ask for more where you got it, ${caller.issuer}, or the operators of this API.`;
}

interface AccessLinks {
  readonly links?: { readonly requestAccess: string };
}

/** The https address in the sentence that says how to ask for access; nothing when it holds none. */
function toAccessLinks(template: Template | undefined): AccessLinks {
  const [found = ''] = /https:\/\/[^\s<>"'`]+/.exec(template?.access ?? '') ?? [];
  const url = found.replace(/[.,;:!?)\]]+$/, '');
  return URL.canParse(url) ? { links: { requestAccess: url } } : {};
}
