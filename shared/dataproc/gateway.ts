import type { TargetConfig } from '../config/targets.ts';
import { toAccountEmail } from '../credentials/accounts.ts';
import type {
  ActiveListing,
  CancelOutcome,
  JobGateway,
  JobReference,
  SubmitOutcome,
  UpstreamJob,
} from '../jobs/ports.ts';
import { Problem } from '../problem.ts';
import { parseJsonObject } from '../transport.ts';
import { upstreamProblem } from '../upstream.ts';
import { readMember } from './answer.ts';
import { createBatches } from './batches.ts';
import { createDataprocCall, toRefusal, type CallOptions, type DataprocCall } from './calls.ts';
import { createClusterJobs } from './jobs.ts';
import { createListPages } from './listing.ts';
import type { Way } from './way.ts';
import { createWorkflows } from './workflows.ts';

/** What the Dataproc adapter needs from outside. */
export interface DataprocOptions extends CallOptions {
  readonly targets: ReadonlyMap<string, TargetConfig>;
}

/** Makes the Dataproc gateway over REST: each target has the way of its kind. */
export function createDataprocGateway(options: DataprocOptions): JobGateway {
  const call = createDataprocCall(options);
  const listPages = createListPages(call, options.now);
  const ways = {
    batch: createBatches(call, listPages),
    cluster: createClusterJobs(call, listPages),
    workflow: createWorkflows(call, listPages),
  };
  const use = <T>(name: string, visit: Visit<T>): T => {
    const target = getTarget(options, name);
    switch (target.kind) {
      case 'batch':
        return visit(ways.batch, target);
      case 'cluster':
        return visit(ways.cluster, target);
      case 'workflow':
        return visit(ways.workflow, target);
      default:
        return target satisfies never;
    }
  };
  return {
    prepare: ({ target, account, deadline }) => {
      const email = toAccountEmail(account, getTarget(options, target).project);
      options.tokens(email, deadline).catch(() => undefined);
    },
    submit: async (submission) =>
      use<Promise<SubmitOutcome>>(submission.target, (way, target) =>
        way.submit(submission, target),
      ),
    find: async (reference) =>
      use<Promise<UpstreamJob | undefined>>(reference.target, (way, target) =>
        way.find(reference, target),
      ),
    listActive: async (query) =>
      use<Promise<ActiveListing>>(query.target, (way, target) => way.listActive(query, target)),
    cancel: async (job, reference) =>
      cancel(call, job, { reference, target: getTarget(options, reference.target) }),
  };
}

type Visit<T> = <Target extends TargetConfig>(way: Way<Target>, target: Target) => T;

function getTarget(options: DataprocOptions, name: string): TargetConfig {
  const target = options.targets.get(name);
  if (target !== undefined) return target;
  throw new Problem('internal', 'The job’s target is not configured.', {}, new Error(name));
}

/**
 * A batch and a workflow are cancelled by their operation, a job by its own name: what `find` gave as the handle.
 * Source: Dataproc REST reference, operations.cancel and jobs.cancel.
 */
async function cancel(
  call: DataprocCall,
  job: UpstreamJob,
  { reference, target }: { readonly reference: JobReference; readonly target: TargetConfig },
): Promise<CancelOutcome> {
  const { account, deadline } = reference;
  const { handle } = job;
  if (handle === null) {
    const detail = 'did not name what is to be cancelled';
    throw upstreamProblem('upstream_error', 'Dataproc', { detail });
  }
  const path = `${handle}:cancel`;
  const response = await call(target, () => ({
    method: 'POST',
    path,
    body: {},
    account,
    deadline,
  }));
  if (response.status === 200) return 'requested';
  if (response.status === 404) return 'unknown';
  const error = parseJsonObject(response.body).get('error');
  if (readMember(error, 'status') === 'FAILED_PRECONDITION') return 'ended';
  throw toRefusal(response);
}
