import { randomBytes } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import type { StartTimer } from '../clock.ts';
import type { Cluster } from './cluster.ts';
import type { Clusters } from './clusters.ts';
import type { Job } from './job.ts';
import { parseJobRequest } from './job-request.ts';
import type { Jobs } from './jobs.ts';
import { textsByName } from './request-fields.ts';
import type { Workflow } from './workflow.ts';
import type { Stop } from './workflow-document.ts';
import { readPlacement, type Step } from './workflow-template.ts';

/** What running workflows needs. */
interface WorkflowEngineOptions {
  readonly project: string;
  readonly jobs: Jobs;
  readonly clusters: Clusters;
  readonly now: () => Date;
  readonly startTimer: StartTimer;
}

/**
 * Runs workflows: a step's job is submitted when all that it waits for has completed, and the failure
 * of one stops the others. Google does the same: jobs that run at the time fail too.
 * Source: https://cloud.google.com/dataproc/docs/concepts/workflows/overview
 */
export class WorkflowEngine {
  readonly #options: WorkflowEngineOptions;
  readonly #running = new Map<string, Workflow>();
  readonly #stopTimers = new Map<string, () => void>();

  constructor(options: WorkflowEngineOptions) {
    this.#options = options;
    options.jobs.onEnd((job) => {
      for (const workflow of this.#running.values())
        if (this.#settle(workflow, job)) this.#advance(workflow);
    });
  }

  /** Starts a workflow, or lets one go on that an earlier server started. */
  run(workflow: Workflow): void {
    const { cluster } = workflow.identity;
    if (cluster !== null) this.#options.clusters.add(cluster);
    this.#running.set(workflow.uuid, workflow);
    for (const { stepId, state, jobId } of workflow.nodes) {
      if (state !== 'RUNNING') continue;
      const job = this.#options.jobs.find(jobId);
      if (job === undefined) workflow.setNode(stepId, { state: 'RUNNABLE' });
      else this.#settle(workflow, job);
    }
    this.#watchDeadline(workflow);
    this.#advance(workflow);
  }

  /** Ends a workflow before its time; one that has ended or is ending stays as it is. */
  stop(workflow: Workflow, stop: Stop): void {
    if (workflow.hasEnded || workflow.stop !== null) return;
    workflow.set({ stop });
    this.#advance(workflow);
  }

  #advance(workflow: Workflow): void {
    if (workflow.hasEnded) return;
    if (workflow.stop === null) this.#startRunnable(workflow);
    const { stop } = workflow;
    if (stop !== null) this.#stopAll(workflow, stop);
    const active = workflow.nodes.some(({ state }) => !['COMPLETED', 'FAILED'].includes(state));
    if (!active) this.#finish(workflow);
  }

  #startRunnable(workflow: Workflow): void {
    for (const step of workflow.steps) {
      const node = workflow.nodes.find(({ stepId }) => stepId === step.stepId);
      if (node?.state !== 'BLOCKED' && node?.state !== 'RUNNABLE') continue;
      const done = workflow.nodes.filter(({ state }) => state === 'COMPLETED');
      const isFree = step.prerequisiteStepIds.every((id) =>
        done.some(({ stepId }) => stepId === id),
      );
      if (!isFree) continue;
      const failure = this.#startStep(workflow, step, node.jobId);
      if (failure === undefined) continue;
      workflow.setNode(step.stepId, { state: 'FAILED', error: failure });
      workflow.set({ stop: toFailure(step.stepId, failure) });
      return;
    }
  }

  /** The job's id is noted before the job is submitted: no step runs twice. */
  #startStep(workflow: Workflow, step: Step, earlierJobId: string): string | undefined {
    const { project, jobs, now } = this.#options;
    const jobId =
      earlierJobId === '' ? `${step.stepId}-${randomBytes(7).toString('hex')}` : earlierJobId;
    try {
      const cluster = this.#findCluster(workflow);
      const placement = { clusterName: cluster.name };
      const job = { ...step.job, reference: { jobId }, placement };
      const request = parseJobRequest({ job }, project);
      workflow.setNode(step.stepId, { state: 'RUNNING', jobId });
      if (!workflow.hasBegun) {
        workflow.set({ dagStartTime: now() });
        this.#watchDeadline(workflow);
      }
      const own = { ...workflow.labels, [stepLabel]: step.stepId };
      const labels = { ...textsByName(step.job, 'labels'), ...own };
      jobs.start(request, { creator: null, cluster, labels, asOperation: false });
      return undefined;
    } catch (error) {
      if (error instanceof ApiError) return error.message;
      throw error;
    }
  }

  #findCluster(workflow: Workflow): Cluster {
    const { clusters } = this.#options;
    const { cluster, template } = workflow.identity;
    if (cluster !== null) return cluster;
    const placement = readPlacement(template);
    return clusters.select(placement.kind === 'selector' ? placement.labels : {});
  }

  /** Tells whether the end of the job is the end of a step. */
  #settle(workflow: Workflow, job: Job): boolean {
    const node = workflow.nodes.find(({ jobId }) => jobId === job.request.jobId);
    if (node?.state !== 'RUNNING' || !job.hasEnded) return false;
    const { state, details } = job.status;
    if (state === 'DONE') {
      workflow.setNode(node.stepId, { state: 'COMPLETED' });
      return true;
    }
    workflow.setNode(node.stepId, { state: 'FAILED', error: details });
    if (workflow.stop === null) workflow.set({ stop: toFailure(node.stepId, details) });
    return true;
  }

  #stopAll(workflow: Workflow, { message }: Stop): void {
    for (const { stepId, state, jobId } of workflow.nodes) {
      if (state === 'BLOCKED' || state === 'RUNNABLE')
        workflow.setNode(stepId, { state: 'FAILED', error: message });
      const job = state === 'RUNNING' ? this.#options.jobs.find(jobId) : undefined;
      if (job !== undefined) this.#options.jobs.cancelRun(job, message);
    }
  }

  /** A job that waited ends while it is being cancelled, so that this may come twice. */
  #finish(workflow: Workflow): void {
    if (workflow.hasEnded) return;
    const { clusters, now } = this.#options;
    this.#running.delete(workflow.uuid);
    this.#stopTimers.get(workflow.uuid)?.();
    this.#stopTimers.delete(workflow.uuid);
    const { cluster } = workflow.identity;
    if (cluster !== null) clusters.remove(cluster.name);
    workflow.set({ endTime: now() });
  }

  /** Which error a workflow carries whose time is over is not documented: inferred. */
  #watchDeadline(workflow: Workflow): void {
    const { deadline } = workflow;
    if (deadline === undefined) return;
    const leftMs = Math.max(0, deadline.getTime() - this.#options.now().getTime());
    const message = 'The workflow exceeded its dagTimeout.';
    const stopTimer = this.#options.startTimer(leftMs / 1000, () => {
      this.stop(workflow, { code: 'DEADLINE_EXCEEDED', message });
    });
    this.#stopTimers.set(workflow.uuid, stopTimer);
  }
}

/** Which error a failed workflow carries is not documented: inferred. */
function toFailure(stepId: string, reason: string): Stop {
  return { code: 'INTERNAL', message: `Workflow failed: step ${stepId} failed: ${reason}` };
}

const stepLabel = 'goog-dataproc-workflow-step-id';
