import type { TargetKind } from '../../../shared/config/targets.ts';
import { isTerminal, type JobState } from '../../../shared/jobs/job.ts';
import type { HttpRequest } from '../../../shared/transport.ts';
import type { PlayedCloud } from './cloud.ts';
import { PLACE } from './deployment.ts';

/** A job as Dataproc itself has it. */
export interface TrueJob {
  /** The id that Jobgate gave. */
  readonly jobId: string;
  readonly kind: TargetKind;
  readonly state: JobState;
  readonly labels: Readonly<Record<string, string>>;
}

/** Every job that Dataproc has ever taken, a second one of the same id too; none is left out, and none is late. */
export async function listTrueJobs(cloud: PlayedCloud): Promise<readonly TrueJob[]> {
  const { project, region } = PLACE;
  const [batches, jobs, operations] = await Promise.all([
    list(cloud, `projects/${project}/locations/${region}/batches`, 'batches'),
    list(cloud, `projects/${project}/regions/${region}/jobs`, 'jobs'),
    list(cloud, `projects/${project}/regions/${region}/operations`, 'operations'),
  ]);
  return [
    ...batches.map(readBatch),
    // A workflow's own job has Dataproc's name.
    ...jobs
      .filter((job) => !('goog-dataproc-workflow-instance-id' in readLabels(job)))
      .map(readJob),
    ...operations.flatMap((operation) => readWorkflow(operation, jobs)),
  ];
}

/** Those that have not ended. */
export function isActive({ state }: TrueJob): boolean {
  return !isTerminal(state);
}

type Resource = Readonly<Record<string, unknown>>;

const STATES: Readonly<Record<string, JobState | undefined>> = {
  PENDING: 'queued',
  SETUP_DONE: 'queued',
  RUNNING: 'running',
  CANCELLING: 'cancelling',
  CANCEL_PENDING: 'cancelling',
  CANCEL_STARTED: 'cancelling',
  CANCELLED: 'cancelled',
  SUCCEEDED: 'succeeded',
  DONE: 'succeeded',
  FAILED: 'failed',
  ERROR: 'failed',
};

function toState(word: unknown): JobState {
  const state = STATES[String(word)];
  if (state === undefined) throw new Error(`the state ${String(word)} is not known here`);
  return state;
}

function readBatch(batch: Resource): TrueJob {
  const jobId = String(batch['name']).replace(/^.*\//, '');
  return { jobId, kind: 'batch', state: toState(batch['state']), labels: readLabels(batch) };
}

function readJob(job: Resource): TrueJob {
  const { jobId } = job['reference'] as { readonly jobId: string };
  const { state } = job['status'] as { readonly state: string };
  return { jobId, kind: 'cluster', state: toState(state), labels: readLabels(job) };
}

interface WorkflowMetadata {
  readonly graph?: {
    readonly nodes: readonly { readonly stepId: string; readonly jobId?: string }[];
  };
}

/** A workflow that has ended is what became of its step's job: one whose job was cancelled by its own name has failed as an operation. */
function readWorkflow(operation: Resource, jobs: readonly Resource[]): readonly TrueJob[] {
  const { graph } = (operation['metadata'] ?? {}) as WorkflowMetadata;
  const [node] = graph?.nodes ?? [];
  if (node === undefined) return [];
  const error = operation['error'] as { readonly code: number } | undefined;
  // CANCELLED, and DEADLINE_EXCEEDED of one that its dagTimeout has ended. Source: google.rpc.Code.
  const stopped = error?.code === 1 || error?.code === 4;
  const job = jobs.map(readJob).find(({ jobId }) => jobId === node.jobId);
  const isCancelled = stopped || job?.state === 'cancelled';
  const ended = error === undefined ? 'succeeded' : isCancelled ? 'cancelled' : 'failed';
  const state = operation['done'] === true ? ended : 'running';
  return [{ jobId: node.stepId, kind: 'workflow', state, labels: {} }];
}

function readLabels(resource: Resource): Readonly<Record<string, string>> {
  return (resource['labels'] ?? {}) as Readonly<Record<string, string>>;
}

async function list(
  cloud: PlayedCloud,
  path: string,
  member: string,
): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  for (let pageToken = ''; ;) {
    const answer = await cloud.answer(toRequest(path, pageToken), 0);
    const page = JSON.parse(answer.body.toString()) as Resource;
    if (answer.status !== 200) throw new Error(`${path}: ${answer.body.toString()}`);
    found.push(...((page[member] ?? []) as readonly Resource[]));
    pageToken = (page['nextPageToken'] ?? '') as string;
    if (pageToken === '') return found;
  }
}

/** Deletes a batch or a job on a cluster, as its owner might in Google's console; false when it is gone. */
export async function deleteTrueJob(
  cloud: PlayedCloud,
  { jobId, kind }: TrueJob,
): Promise<boolean> {
  const { project, region } = PLACE;
  const path =
    kind === 'batch'
      ? `projects/${project}/locations/${region}/batches/${jobId}`
      : `projects/${project}/regions/${region}/jobs/${jobId}`;
  const { status, body } = await cloud.answer({ ...toRequest(path, ''), method: 'DELETE' }, 0);
  if (status === 200 || status === 404) return status === 200;
  throw new Error(`${path}: ${body.toString()}`);
}

function toRequest(path: string, pageToken: string): HttpRequest {
  const query = new URLSearchParams({
    pageSize: '1000',
    ...(pageToken === '' ? {} : { pageToken }),
  });
  return {
    url: `http://127.0.0.1:2/v1/${path}?${query.toString()}`,
    method: 'GET',
    headers: { authorization: `Bearer ${WATCHER_TOKEN}` },
    deadline: new Date(0),
    maxBytes: 0,
  };
}

/** The token of one who sees everything, which no account of the deployment does. */
export const WATCHER_TOKEN = 'watcher';
