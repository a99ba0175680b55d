import { randomUUID } from 'node:crypto';
import { describeFailure } from './failure-message.ts';
import {
  type JobIdentity,
  type JobProgress,
  makeProgress,
  toRequestMessage,
} from './job-document.ts';
import type { JobRequest } from './job-request.ts';
import { decideRestart } from './job-restarts.ts';
import { type JobState, type JobStatus, toStatusMessage } from './job-status.ts';
import { regionOf } from './place.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Kept } from './register.ts';
import { toRequestKey } from './request-fields.ts';
import type { Run, RunEnd, RunSpec } from '../spark/run.ts';

/** Who is told what happens to a job. */
export interface JobWatcher {
  readonly now: () => Date;
  /** Something that outlives the server is another one. */
  readonly changed: (job: Job) => void;
  /** The driver failed and a new attempt is to be made. */
  readonly restarts: (job: Job) => void;
  readonly ended: (job: Job) => void;
}

/** No limit on restarts is higher. */
const maxFailuresKept = 241;

/** One job on a cluster, from its submission to its end, over all of its attempts. */
export class Job implements Kept {
  readonly request: JobRequest;
  readonly #identity: JobIdentity;
  readonly #watcher: JobWatcher;
  #progress: JobProgress;
  #labels: Readonly<Record<string, string>>;
  #run: Run;

  constructor(
    request: JobRequest,
    identity: JobIdentity,
    { watcher, progress }: { readonly watcher: JobWatcher; readonly progress?: JobProgress },
  ) {
    this.request = request;
    this.#identity = identity;
    this.#watcher = watcher;
    this.#labels = identity.labels;
    this.#progress = progress ?? makeProgress(identity.submittedAt);
    this.#run = this.#makeRun();
  }

  /** Resource name in a region. */
  get name(): string {
    return `${regionOf(this.#identity.place)}/jobs/${this.request.jobId}`;
  }

  /** Tells it from another job of the same name. */
  get uuid(): string {
    return this.#progress.uuid;
  }

  /** Position in the order of creation. */
  get sequence(): number {
    return this.#identity.sequence;
  }

  /** Key of the request that made it. */
  get requestId(): string | undefined {
    return toRequestKey(this.#identity.creator ?? '', this.request.requestId);
  }

  /** When it was submitted. */
  get createTime(): Date {
    return this.#identity.submittedAt;
  }

  /** Name of the cluster that it runs on. */
  get clusterName(): string {
    return this.#identity.cluster.name;
  }

  /** Its present labels, those of Dataproc itself included. */
  get labels(): Readonly<Record<string, string>> {
    return this.#labels;
  }

  /** The present status. */
  get status(): JobStatus {
    const status = this.#progress.statuses.at(-1);
    if (status === undefined) throw new Error('a job has a status from the start');
    return status;
  }

  /** Whether it has ended, in whatever way, and no attempt follows. */
  get hasEnded(): boolean {
    return ['DONE', 'ERROR', 'CANCELLED'].includes(this.status.state);
  }

  /** The present attempt. */
  get run(): Run {
    return this.#run;
  }

  /** Whether the driver of the present attempt has been started. */
  get hasStarted(): boolean {
    return this.#progress.attempt.started;
  }

  /** Whether its end has been asked for. */
  get isCancelled(): boolean {
    return this.#progress.cancelled;
  }

  /** Name of its long-running operation; undefined when there is none or it was deleted. */
  get operation(): string | undefined {
    return this.#progress.operationForgotten ? undefined : (this.#identity.operation ?? undefined);
  }

  /** Deletes its operation; the job goes on. */
  forgetOperation(): void {
    this.#set({ operationForgotten: true });
  }

  /** Replaces its labels. */
  relabel(labels: Readonly<Record<string, string>>): void {
    this.#labels = labels;
    this.#watcher.changed(this);
  }

  /** What the output objects of the present attempt begin with. Each attempt has its own. */
  get outputUri(): string {
    // That the address changes with an attempt is what gcloud expects; its form is inferred.
    const { number } = this.#progress.attempt;
    return `${this.#folder}${number === 1 ? '' : `attempt-${number}/`}driveroutput`;
  }

  get #folder(): string {
    const { stagingBucket, uuid } = this.#identity.cluster;
    const jobs = `google-cloud-dataproc-metainfo/${uuid}/jobs`;
    return `gs://${stagingBucket}/${jobs}/${this.request.jobId}/`;
  }

  /** Makes the google.cloud.dataproc.v1.Job of this moment. */
  toMessage(): PlainMessage {
    const { jobId, placement, asked } = this.request;
    const { place, cluster } = this.#identity;
    return {
      ...asked,
      reference: { projectId: place.project, jobId },
      placement: {
        clusterName: cluster.name,
        clusterUuid: cluster.uuid,
        clusterLabels: placement.labels,
      },
      labels: this.#labels,
      status: toStatusMessage(this.status),
      statusHistory: this.#progress.statuses.slice(0, -1).map(toStatusMessage),
      driverOutputResourceUri: this.outputUri,
      driverControlFilesUri: this.#folder,
      jobUuid: this.uuid,
      done: this.hasEnded,
    };
  }

  /** Makes what the next server makes it from again. */
  toDocument(): object {
    const { creator, sequence, submittedAt, operation, cluster } = this.#identity;
    return {
      request: toRequestMessage(this.request),
      identity: { creator, sequence, submittedAt, operation, cluster, labels: this.#labels },
      progress: this.#progress,
    };
  }

  #makeRun(): Run {
    return {
      spec: this.#makeSpec(),
      waits: (reason) => {
        this.#acquire(this.#watcher.now(), true, reason);
      },
      starts: (at) => {
        this.#acquire(at, false, '');
        this.#set({ attempt: { ...this.#progress.attempt, started: true } });
      },
      cancels: (at) => {
        if (this.isCancelled) return;
        const added = [toStatus('CANCEL_PENDING', at), toStatus('CANCEL_STARTED', at)];
        this.#set({ cancelled: true, statuses: [...this.#progress.statuses, ...added] });
      },
      ends: (end, at) => {
        this.#end(end, at);
      },
    };
  }

  #makeSpec(): RunSpec {
    const { work, jobId } = this.request;
    const properties = { ...this.#identity.cluster.properties, ...this.request.properties };
    const { uuid } = this.#progress.attempt;
    const { outputUri } = this;
    return { uuid, name: jobId, work, properties, outputUri, ttlSeconds: undefined };
  }

  /** The agent has the job: it is RUNNING from then on, and QUEUED until its driver starts. */
  #acquire(at: Date, queued: boolean, details: string): void {
    if (this.status.state === 'PENDING') this.#enter('SETUP_DONE', at);
    if (this.status.state !== 'RUNNING') this.#enter('RUNNING', at);
    // What it waits for is not written down: the next server says it anew.
    const status = { ...this.status, queued, details };
    const statuses = [...this.#progress.statuses.slice(0, -1), status];
    this.#progress = { ...this.#progress, statuses };
  }

  #end(end: RunEnd, at: Date): void {
    if (end.kind === 'succeeded') this.#enter('DONE', at);
    else if (end.kind === 'cancelled') this.#enter('CANCELLED', at, end.reason);
    else if (this.#fail(end.reason, at)) return;
    this.#watcher.ended(this);
  }

  /** Tells whether a new attempt is made. What has changed is written at once, or not at all. */
  #fail(reason: string, at: Date): boolean {
    const failures = [...this.#progress.failures, at].slice(-maxFailuresKept);
    const decision = decideRestart(failures, this.request.limits);
    const thrashes = decision === 'thrashing' ? `The job is thrashing: ${reason}` : reason;
    const message = this.#describeFailure(thrashes);
    const { statuses, attempt } = this.#progress;
    if (decision !== 'restart') {
      this.#set({ failures, statuses: [...statuses, toStatus('ERROR', at, message)] });
      return false;
    }
    this.#set({
      failures,
      statuses: [...statuses, toStatus('ATTEMPT_FAILURE', at, message)],
      attempt: { number: attempt.number + 1, uuid: randomUUID(), started: false },
    });
    this.#run = this.#makeRun();
    this.#watcher.restarts(this);
    return true;
  }

  #describeFailure(reason: string): string {
    const { jobId } = this.request;
    const { place } = this.#identity;
    return describeFailure(reason, { place, kind: 'jobs', id: jobId, outputUri: this.outputUri });
  }

  #enter(state: JobState, since: Date, details = ''): void {
    this.#set({ statuses: [...this.#progress.statuses, toStatus(state, since, details)] });
  }

  #set(changes: Partial<JobProgress>): void {
    this.#progress = { ...this.#progress, ...changes };
    this.#watcher.changed(this);
  }
}

function toStatus(state: JobState, since: Date, details = ''): JobStatus {
  return { state, details, since, queued: false };
}
