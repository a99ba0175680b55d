import type { TargetConfig } from '../config/targets.ts';
import type {
  ActiveListing,
  ActiveQuery,
  JobReference,
  Submission,
  SubmitOutcome,
  UpstreamJob,
} from '../jobs/ports.ts';
import { Problem } from '../problem.ts';

/** How jobs get to one kind of target, and are found and listed there. Throws as JobGateway does. */
export interface Way<Target extends TargetConfig> {
  readonly submit: (submission: Submission, target: Target) => Promise<SubmitOutcome>;
  readonly find: (reference: JobReference, target: Target) => Promise<UpstreamJob | undefined>;
  readonly listActive: (query: ActiveQuery, target: Target) => Promise<ActiveListing>;
}

/** The account that a job is to run as. @throws Problem `internal` when the submission names none. */
export function requireRuntimeAccount(submission: Submission): string {
  if (submission.runtimeAccount !== null) return submission.runtimeAccount;
  throw new Problem('internal', 'The job has no account to run as.');
}
