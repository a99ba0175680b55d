import { isTerminal } from '../../shared/jobs/job.ts';
import type {
  ActiveQuery,
  CancelOutcome,
  JobGateway,
  JobReference,
  Submission,
  UpstreamJob,
} from '../../shared/jobs/ports.ts';
import type { Problem } from '../../shared/problem.ts';
import { START } from './clock.ts';

/** An engine in memory whose jobs change only when a test says so. */
export interface MemoryGateway extends JobGateway {
  /** Every submission that was tried, refused ones too. */
  readonly submissions: readonly Submission[];
  /** Every look at a job. */
  readonly looks: readonly JobReference[];
  /** Every cancellation that was asked for, as which account. */
  readonly cancellations: readonly JobReference[];
  /** How often a submission that was not stopped before found its id taken: a workflow would have run twice. */
  readonly repeats: () => number;
  readonly jobs: () => readonly UpstreamJob[];
  /** Changes what is known of a job. */
  readonly change: (jobId: string, changes: Partial<UpstreamJob>) => void;
  /** Puts a job that Jobgate did not submit, on one target or, without its name, on every one. */
  readonly plant: (job: UpstreamJob, target?: string) => void;
  /** The next submission fails; `worked` tells whether the engine had done the work by then. */
  readonly failNextSubmit: (problem: Problem, worked: 'worked' | 'not-worked') => void;
  /** The next look fails. */
  readonly failNextFind: (problem: Problem) => void;
  /** What comes instead of the next cancellation; it may change the job meanwhile. */
  readonly answerNextCancel: (answer: () => CancelOutcome) => void;
  /** The next look does not see what is there, as a list may lag behind. */
  readonly hideFromNextFind: () => void;
  /** Every listing that was asked for. */
  readonly listings: readonly ActiveQuery[];
  /** The next listing fails. */
  readonly failNextList: (problem: Problem) => void;
  /** Listings show jobs as they are at this moment, until they catch up. */
  readonly lagLists: () => void;
  readonly catchUpLists: () => void;
  /** Listings leave out one job until they catch up. */
  readonly hideFromLists: (jobId: string) => void;
  /** Listings show so many jobs at most, and are not complete when there are more. */
  readonly boundLists: (most: number) => void;
  /** Takes back failures that have befallen nobody. */
  readonly clearFailures: () => void;
  readonly forget: (jobId: string) => void;
}

/** Makes an engine without jobs that yields before it answers, so that parallel callers interleave. */
export function createMemoryGateway(): MemoryGateway {
  const jobs = new Map<string, UpstreamJob>();
  const submissions: Submission[] = [];
  const looks: JobReference[] = [];
  let submitFailure: { problem: Problem; worked: boolean } | undefined;
  const cancellations: JobReference[] = [];
  let findFailure: Problem | undefined;
  let repeats = 0;
  let hides = false;
  let cancelAnswer: (() => CancelOutcome) | undefined;
  const targets = new Map<string, string>();
  const lists = createLists(() => jobs, targets);
  const gateway: JobGateway = {
    prepare: () => undefined,
    submit: async (submission) => {
      await yieldOnce();
      submissions.push(submission);
      const failure = submitFailure;
      submitFailure = undefined;
      if (failure?.worked === false) throw failure.problem;
      const taken = jobs.has(submission.jobId);
      if (taken) repeats += 1;
      else jobs.set(submission.jobId, toQueued(submission));
      if (!taken) targets.set(submission.jobId, submission.target);
      if (failure !== undefined) throw failure.problem;
      return { kind: taken ? 'exists' : 'accepted' };
    },
    find: async (reference) => {
      await yieldOnce();
      looks.push(reference);
      const failure = findFailure;
      findFailure = undefined;
      const hidden = hides;
      hides = false;
      if (failure !== undefined) throw failure;
      return hidden ? undefined : jobs.get(reference.jobId);
    },
    listActive: lists.listActive,
    cancel: async (job, reference) => {
      await yieldOnce();
      cancellations.push(reference);
      const answer = cancelAnswer;
      cancelAnswer = undefined;
      if (answer !== undefined) return answer();
      const known = jobs.get(job.jobId);
      if (known === undefined) return 'unknown';
      if (isTerminal(known.state)) return 'ended';
      jobs.set(job.jobId, { ...known, state: 'cancelling' });
      return 'requested';
    },
  };
  return {
    ...gateway,
    ...lists,
    submissions,
    looks,
    cancellations,
    repeats: () => repeats,
    jobs: () => [...jobs.values()],
    change: (jobId, changes) => {
      const job = jobs.get(jobId);
      if (job === undefined) throw new Error(`no job ${jobId}`);
      jobs.set(jobId, { ...job, ...changes });
    },
    plant: (job, target) => {
      jobs.set(job.jobId, job);
      if (target !== undefined) targets.set(job.jobId, target);
    },
    failNextSubmit: (problem, worked) => {
      submitFailure = { problem, worked: worked === 'worked' };
    },
    failNextFind: (problem) => {
      findFailure = problem;
    },
    answerNextCancel: (answer) => {
      cancelAnswer = answer;
    },
    hideFromNextFind: () => {
      hides = true;
    },
    clearFailures: () => {
      lists.clearFailures();
      hides = false;
      [submitFailure, findFailure, cancelAnswer] = [undefined, undefined, undefined];
    },
    forget: (jobId) => jobs.delete(jobId),
  };
}

type Lists = Pick<
  MemoryGateway,
  | 'listActive'
  | 'listings'
  | 'failNextList'
  | 'lagLists'
  | 'catchUpLists'
  | 'hideFromLists'
  | 'boundLists'
  | 'clearFailures'
>;

function createLists(
  readJobs: () => ReadonlyMap<string, UpstreamJob>,
  targets: ReadonlyMap<string, string>,
): Lists {
  const listings: ActiveQuery[] = [];
  const hidden = new Set<string>();
  let lagging: ReadonlyMap<string, UpstreamJob> | undefined;
  let failure: Problem | undefined;
  let most = Infinity;
  return {
    listings,
    listActive: async (query) => {
      await yieldOnce();
      listings.push(query);
      const problem = failure;
      failure = undefined;
      if (problem !== undefined) throw problem;
      const shown = [...(lagging ?? readJobs()).values()].filter(
        (job) =>
          !hidden.has(job.jobId) &&
          (targets.get(job.jobId) ?? query.target) === query.target &&
          isActiveWith(job, query.labels),
      );
      return { jobs: shown.slice(0, most), complete: shown.length <= most };
    },
    failNextList: (problem) => {
      failure = problem;
    },
    lagLists: () => {
      lagging = new Map(readJobs());
    },
    catchUpLists: () => {
      lagging = undefined;
      hidden.clear();
    },
    hideFromLists: (jobId) => hidden.add(jobId),
    boundLists: (bound) => {
      most = bound;
    },
    clearFailures: () => {
      failure = undefined;
    },
  };
}

function isActiveWith({ state, labels }: UpstreamJob, wanted: UpstreamJob['labels']): boolean {
  return (
    !isTerminal(state) && Object.entries(wanted).every(([name, value]) => labels[name] === value)
  );
}

function toQueued(submission: Submission): UpstreamJob {
  return {
    jobId: submission.jobId,
    state: 'queued',
    waitReason: 'provisioning',
    startedAt: null,
    endedAt: null,
    history: [{ state: 'queued', at: START }],
    labels: submission.labels,
    driverOutputUri: null,
    error: null,
    handle: null,
  };
}

function yieldOnce(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
