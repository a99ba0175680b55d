import { randomUUID } from 'node:crypto';
import { ApiError } from '../api/api-error.ts';
import type { Cluster } from './cluster.ts';
import type { Clusters } from './clusters.ts';
import { Job, type JobWatcher } from './job.ts';
import { parseJobDocument } from './job-document.ts';
import { parseJobFilter } from './job-filter.ts';
import { toJobOperation } from './job-operation.ts';
import { type JobRequest, parseJobRequest } from './job-request.ts';
import { checkLabels } from './labels.ts';
import type { LongRunning } from './long-running.ts';
import { takePage } from './page.ts';
import { regionOf, requirePlace } from './place.ts';
import { type Counter, Register } from './register.ts';
import type { Revival } from './revival.ts';
import {
  invalid,
  objectOr,
  parseRequestId,
  refuseMisshapen,
  textOr,
  textsByName,
  toRequestKey,
} from './request-fields.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Permissions } from '../identity/permissions.ts';
import { nameOf, type Principal } from '../identity/tokens.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Scheduler } from '../spark/scheduler.ts';
import type { Shelf } from '../state/shelf.ts';

/** What the jobs need. */
interface JobsOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly scheduler: Scheduler;
  readonly clusters: Clusters;
  readonly counter: Counter;
  readonly shelf: Shelf;
  readonly now: () => Date;
}

/** The page size is not documented; gcloud asks for 100. */
const page = { byDefault: 100, max: 1000 };
/** Source: https://github.com/googleapis/google-cloud-java/issues/3754 */
const cancellable = ['PENDING', 'RUNNING'];

/** The jobs of the one project and region, and the RPCs of JobController on them. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #register: Register<Job>;
  readonly #watcher: JobWatcher;
  readonly #endListeners: ((job: Job) => void)[] = [];

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#register = new Register({ ...options, kind: 'jobs' });
    this.#watcher = {
      now: options.now,
      changed: (job) => {
        this.#register.save(job);
      },
      restarts: (job) => {
        options.scheduler.submit(job.run);
      },
      ended: (job) => {
        for (const listener of this.#endListeners) listener(job);
      },
    };
  }

  /** Takes back what an earlier server left; what it returns goes on. @throws ShapeError */
  restore(): readonly Revival[] {
    const { configuration } = this.#options;
    const jobs = this.#register.restore((document) => {
      const { request, identity, progress } = parseJobDocument(document, configuration);
      const parsed = parseJobRequest(request, configuration.project);
      return new Job(parsed, identity, { watcher: this.#watcher, progress });
    });
    return jobs.filter((job) => !job.hasEnded);
  }

  /** Calls back at the end of every job. */
  onEnd(listener: (job: Job) => void): void {
    this.#endListeners.push(listener);
  }

  /**
   * SubmitJob and SubmitJobAsOperation. A request id that was used before answers with the first
   * job, whatever else the request says. @throws ApiError
   */
  submit(principal: Principal, message: PlainMessage, { asOperation = false } = {}): Job {
    const { configuration, permissions, clusters } = this.#options;
    this.#requirePlace(message);
    permissions.require(principal, 'dataproc.jobs.create', regionOf(configuration));
    const creator = nameOf(principal);
    const key = toRequestKey(creator, parseRequestId(message));
    const replayed = this.#register.findByRequestId(key);
    if (replayed !== undefined) {
      // What Google does when the first request was of the other kind is not documented: inferred.
      if (asOperation && replayed.operation === undefined)
        throw invalid('The request id belongs to a job that has no operation.');
      return replayed;
    }
    const request = parseJobRequest(message, configuration.project);
    const cluster = this.#findCluster(request);
    permissions.require(principal, 'dataproc.clusters.use', clusters.nameOf(cluster.name));
    const { labels } = request;
    return this.start(request, { creator, cluster, labels, asOperation });
  }

  /** Starts a job that has passed every check but the one on its id. @throws ApiError ALREADY_EXISTS */
  start(
    request: JobRequest,
    options: {
      /** Null for a workflow. */
      readonly creator: string | null;
      readonly cluster: Cluster;
      readonly labels: Readonly<Record<string, string>>;
      readonly asOperation: boolean;
    },
  ): Job {
    const { configuration, counter, now, scheduler } = this.#options;
    const { creator, cluster, labels, asOperation } = options;
    const region = regionOf(configuration);
    const name = `${region}/jobs/${request.jobId}`;
    if (this.#register.find(name) !== undefined)
      throw new ApiError('ALREADY_EXISTS', `Already exists: Failed to submit job: Job ${name}`);
    const identity = {
      place: { project: configuration.project, region: configuration.region },
      creator,
      cluster,
      sequence: counter.next(),
      submittedAt: now(),
      labels,
      operation: asOperation ? `${region}/operations/${randomUUID()}` : null,
    };
    const job = new Job(request, identity, { watcher: this.#watcher });
    this.#register.add(job);
    scheduler.submit(job.run);
    return job;
  }

  /** GetJob. @throws ApiError */
  get(principal: Principal, message: PlainMessage): Job {
    return this.#getFor(principal, 'get', message);
  }

  /** ListJobs, the newest first; the order is not documented. @throws ApiError */
  list(principal: Principal, message: PlainMessage): PlainMessage {
    const { configuration, permissions } = this.#options;
    this.#requirePlace(message);
    permissions.require(principal, 'dataproc.jobs.list', regionOf(configuration));
    const matches = parseJobFilter(message);
    const shown = this.#register.newestFirst().filter(matches);
    const { items, nextPageToken } = takePage(shown, message, page);
    return { jobs: items.map((job) => job.toMessage()), nextPageToken };
  }

  /** UpdateJob, which changes labels and nothing else. @throws ApiError */
  update(principal: Principal, message: PlainMessage): Job {
    const job = this.#getFor(principal, 'update', message);
    return refuseMisshapen(() => {
      const paths = objectOr(message, 'updateMask')['paths'];
      if (!Array.isArray(paths) || paths.length !== 1 || paths[0] !== 'labels')
        throw invalid('updateMask must be labels, the only field that can be updated.');
      const labels = textsByName(objectOr(message, 'job'), 'labels');
      checkLabels(labels, 'job');
      job.relabel({ ...labels, ...findOwnLabels(job.labels) });
      return job;
    });
  }

  /**
   * CancelJob. A job that is being cancelled or was cancelled stays as it is, which is inferred; one
   * that ended otherwise cannot be cancelled.
   * Source: https://github.com/cdapio/cdap/pull/16066
   * @throws ApiError
   */
  cancel(principal: Principal, message: PlainMessage): Job {
    const job = this.#getFor(principal, 'cancel', message);
    const { state } = job.status;
    if (job.hasEnded && state !== 'CANCELLED')
      throw new ApiError(
        'FAILED_PRECONDITION',
        `Cannot cancel jobId '${job.request.jobId}' in projectId ` +
          `'${this.#options.configuration.project}' in state: '${state}'; ` +
          `cancellable states: '[${cancellable.join(', ')}]'`,
      );
    this.cancelRun(job, 'The job was cancelled.');
    return job;
  }

  /** Cancels a job, which ends soon; one that has ended stays as it is. */
  cancelRun(job: Job, reason: string): void {
    this.#options.scheduler.cancel(job.run, reason);
  }

  /** DeleteJob; its id may be used again. @throws ApiError */
  delete(principal: Principal, message: PlainMessage): void {
    const job = this.#getFor(principal, 'delete', message);
    if (!job.hasEnded)
      throw new ApiError(
        'FAILED_PRECONDITION',
        `Job ${job.name} is in state ${job.status.state}; only a job in a terminal state can be deleted.`,
      );
    this.#register.delete(job);
  }

  /** Finds a job by its id. */
  find(jobId: string): Job | undefined {
    return this.#register.find(`${regionOf(this.#options.configuration)}/jobs/${jobId}`);
  }

  /** The long-running operations of jobs that were submitted as such, from the newest on. */
  operations(): readonly LongRunning[] {
    return this.#register
      .everNewestFirst()
      .filter((job) => job.operation !== undefined)
      .map((job) => this.toOperation(job));
  }

  /** Finds a long-running operation by its name. */
  findOperation(name: string): LongRunning | undefined {
    const job = this.#register.everNewestFirst().find(({ operation }) => operation === name);
    return job === undefined ? undefined : this.toOperation(job);
  }

  /** Makes the long-running operation of a job that has one. */
  toOperation(job: Job): LongRunning {
    return toJobOperation(job, () => {
      this.cancelRun(job, 'The job was cancelled.');
    });
  }

  #findCluster({ placement }: JobRequest): Cluster {
    const { clusters } = this.#options;
    const { clusterName, labels } = placement;
    if (clusterName === undefined) return clusters.select(labels);
    const cluster = clusters.get(clusterName);
    // What Google does with a name and labels that contradict each other is not documented: inferred.
    if (!clusters.hasLabels(cluster, labels))
      throw invalid(`The cluster ${clusterName} has not all of the clusterLabels.`);
    return cluster;
  }

  #getFor(
    principal: Principal,
    verb: 'get' | 'update' | 'cancel' | 'delete',
    message: PlainMessage,
  ): Job {
    const { configuration, permissions } = this.#options;
    this.#requirePlace(message);
    const name = `${regionOf(configuration)}/jobs/${textOr(message, 'jobId', '')}`;
    permissions.require(principal, `dataproc.jobs.${verb}`, name);
    const job = this.#register.find(name);
    if (job === undefined) throw new ApiError('NOT_FOUND', `Not found: Job ${name}`);
    return job;
  }

  #requirePlace(message: PlainMessage): void {
    requirePlace(this.#options.configuration, message['projectId'], message['region']);
  }
}

/** Labels by which Dataproc marks what belongs to a workflow; that they stay is inferred. */
function findOwnLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => key.startsWith('goog-dataproc-')),
  );
}
