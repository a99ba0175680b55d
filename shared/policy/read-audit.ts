import type { Caller } from '../identity/caller.ts';
import { isOwnJob, type Decision, type JobOwnership } from './decision.ts';

/** Decides whether a caller may read what was decided about a job: its submitter, or anyone with `audit:read`. */
export function decideReadAudit(caller: Caller, job: JobOwnership): Decision {
  if (isOwnJob(caller, job)) return { kind: 'allow', rule: 'own-job' };
  if (caller.scopes.includes('audit:read')) return { kind: 'allow', rule: 'audit:read' };
  return { kind: 'deny', rule: 'own-job', missing: ['scope audit:read'] };
}
