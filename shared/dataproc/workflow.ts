import type { protos } from '@google-cloud/dataproc';
import type { ManagedCluster } from '../config/targets.ts';
import {
  parseJobId,
  type HistoryEntry,
  type JobError,
  type JobId,
  type JobState,
} from '../jobs/job.ts';
import type { Submission, UpstreamJob } from '../jobs/ports.ts';
import { readMember, readName, readText, toMembers, type Members } from './answer.ts';
import { toJobProgram } from './program.ts';
import { toWorkflowState } from './states.ts';
import { findLimitError, readSeconds, type TimeLimit } from './time-limit.ts';

type WorkflowTemplate = protos.google.cloud.dataproc.v1.IWorkflowTemplate;

/** A workflow template in proto3 JSON, where durations are strings. */
export type WorkflowJson = Omit<WorkflowTemplate, 'dagTimeout'> & { readonly dagTimeout: string };

/** The cluster that the one step of a workflow gets. */
export interface WorkflowPlace {
  readonly managedCluster: ManagedCluster;
  readonly stagingBucket: string;
  readonly runtimeAccountEmail: string;
}

/** The label by which a workflow's job and operations are found: their own names are Dataproc's. */
export const JOB_LABEL = 'jg-job';

/** Seconds that a workflow's jobs may take. Source: WorkflowTemplate.dagTimeout. */
const DAG_SECONDS = { least: 600, most: 86_400 } as const;

/** The runtime account's grants decide, and no scope. Source: Compute Engine, service accounts. */
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

/** Writes a submission as a workflow of one step on a cluster of its own. Source: Dataproc REST reference, WorkflowTemplate. */
export function toWorkflow(submission: Submission, place: WorkflowPlace): WorkflowJson {
  const { jobId, maxRuntimeSeconds, program } = submission;
  const seconds = Math.min(DAG_SECONDS.most, Math.max(DAG_SECONDS.least, maxRuntimeSeconds));
  return {
    id: jobId,
    // They go on to the cluster and the job.
    labels: { ...submission.labels, [JOB_LABEL]: jobId },
    placement: { managedCluster: toManagedCluster(place) },
    jobs: [{ stepId: jobId, ...toJobProgram(program) }],
    dagTimeout: `${seconds}s`,
  };
}

function toManagedCluster(place: WorkflowPlace): object {
  const { managedCluster, stagingBucket, runtimeAccountEmail } = place;
  const { namePrefix, imageVersion, masterMachineType, workerMachineType, zone } = managedCluster;
  return {
    clusterName: namePrefix,
    config: {
      configBucket: stagingBucket,
      gceClusterConfig: {
        ...(zone === undefined ? {} : { zoneUri: zone }),
        serviceAccount: runtimeAccountEmail,
        serviceAccountScopes: SCOPES,
      },
      masterConfig: { numInstances: 1, machineTypeUri: masterMachineType },
      workerConfig: {
        numInstances: managedCluster.workerCount,
        machineTypeUri: workerMachineType,
      },
      softwareConfig: { imageVersion },
    },
  };
}

/** A workflow by its operation: what is known without its step's job, and that job's id once there is one; its limit. */
export interface Workflow {
  readonly upstream: UpstreamJob;
  readonly stepJobId: string | null;
  /** That of its jobs, which begins when the first one is submitted. Source: WorkflowTemplate.dagTimeout. */
  readonly limit: TimeLimit;
}

/** The job whose workflow an operation is; undefined for operations of other kinds and of others. */
export function readWorkflowJob(operation: Members): JobId | undefined {
  const ids = listNodes(operation).map((node) => parseJobId(readMember(node, 'stepId')));
  return ids.find((id) => id !== undefined);
}

/** Tells whether an operation is the workflow of a job, and not one of its cluster's or of its job's. */
export function isWorkflowOf(jobId: JobId, operation: Members): boolean {
  return findNode(jobId, operation) !== undefined;
}

/** Reads a workflow; undefined when its state is none that is known. `labels` are those by which it was found. */
export function parseWorkflow(
  jobId: JobId,
  operation: Members,
  labels: Readonly<Record<string, string>>,
): Workflow | undefined {
  const metadata = toMembers(operation.get('metadata'));
  const state = readState(operation, metadata);
  if (state === undefined) return undefined;
  const ended = state !== 'queued';
  const limit = readLimit(metadata);
  const endedAt = ended ? readText(metadata.get('endTime')) : null;
  const upstream = {
    jobId,
    state,
    waitReason: ended ? null : 'provisioning',
    startedAt: null,
    endedAt,
    history: [
      ...toHistory('queued', readText(metadata.get('startTime'))),
      ...toHistory(state, endedAt),
    ],
    labels,
    driverOutputUri: null,
    error: toError(operation, state, limit),
    handle: readName(operation.get('name')),
  };
  const stepJobId = readJobId(readMember(findNode(jobId, operation), 'jobId'));
  return { upstream, stepJobId, limit };
}

/** The job of a workflow's step, with the reason if it was cancelled since the time of the workflow's jobs was over. */
export function explainStepJob(job: UpstreamJob, limit: TimeLimit): UpstreamJob {
  if (job.state !== 'cancelled') return job;
  const stoppedAt = job.history.find(({ state }) => state === 'cancelling')?.at ?? job.endedAt;
  return { ...job, error: findLimitError({ ...limit, stoppedAt }) };
}

function readLimit(metadata: Members): TimeLimit {
  return {
    seconds: readSeconds(metadata.get('dagTimeout')),
    startedAt: readText(metadata.get('dagStartTime')),
    stoppedAt: readText(metadata.get('dagEndTime')),
  };
}

/** Source: google.rpc.Code. */
const CODES = { cancelled: 1, resourceExhausted: 8 } as const;

function readState(operation: Members, metadata: Members): JobState | undefined {
  const code = readErrorCode(operation);
  if (operation.get('done') !== true) return toWorkflowState(metadata.get('state'));
  if (code === undefined) return 'succeeded';
  return code === CODES.cancelled ? 'cancelled' : 'failed';
}

function readErrorCode(operation: Members): unknown {
  return readMember(operation.get('error'), 'code');
}

function toError(operation: Members, state: JobState, limit: TimeLimit): JobError | null {
  if (state !== 'failed' && state !== 'cancelled') return null;
  const limited = findLimitError(limit);
  if (limited !== null || state === 'cancelled') return limited;
  const quota = readErrorCode(operation) === CODES.resourceExhausted;
  return {
    class: 'platform',
    code: quota ? 'quota' : 'workflow_failed',
    message: quota
      ? 'The project’s quota did not suffice for the job’s cluster.'
      : 'The workflow ended before its job was started, most likely because its cluster could not be made.',
    retryable: quota,
    logTail: [],
  };
}

function toHistory(state: JobState, at: string | null): readonly HistoryEntry[] {
  return at === null ? [] : [{ state, at }];
}

function findNode(jobId: JobId, operation: Members): unknown {
  return listNodes(operation).find((node) => readMember(node, 'stepId') === jobId);
}

function listNodes(operation: Members): readonly unknown[] {
  const nodes = readMember(readMember(operation.get('metadata'), 'graph'), 'nodes');
  return Array.isArray(nodes) ? nodes : [];
}

function readJobId(value: unknown): string | null {
  return typeof value === 'string' && /^[\w-]{1,100}$/.test(value) ? value : null;
}
