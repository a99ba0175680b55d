import { isSameIdentity, type Caller } from '../identity/caller.ts';
import type { Decision, JobOwnership } from './decision.ts';

/** Decides whether a caller may read what was decided about a job: its submitter, or anyone with `audit:read`. */
export function decideReadAudit(caller: Caller, job: JobOwnership): Decision {
  if (isSameIdentity(caller, job.submittedBy)) return { kind: 'allow', rule: 'own-job' };
  if (caller.scopes.includes('audit:read')) return { kind: 'allow', rule: 'audit:read' };
  return { kind: 'deny', rule: 'own-job', missing: ['scope audit:read'] };
}
