import type { protos } from '@google-cloud/dataproc';
import type { HistoryEntry, JobId } from '../jobs/job.ts';
import { isTerminal } from '../jobs/job.ts';
import type { Submission, UpstreamJob } from '../jobs/ports.ts';
import {
  readLabels,
  readMember,
  readName,
  readText,
  toJobError,
  toMembers,
  type Members,
} from './answer.ts';
import { toJobProgram } from './program.ts';
import { toClusterJobState } from './states.ts';

type Job = protos.google.cloud.dataproc.v1.IJob;

/** Writes a submission as a job on a cluster, whose account it runs as. Source: Dataproc REST reference, Job. */
export function toJob(
  submission: Submission,
  place: { readonly project: string; readonly clusterName: string },
): Job {
  const { project, clusterName } = place;
  return {
    reference: { projectId: project, jobId: submission.jobId },
    placement: { clusterName },
    labels: { ...submission.labels },
    ...toJobProgram(submission.program),
  };
}

/**
 * Reads a job on a cluster from Google's answer; undefined when its state is none that is known. `name` is its resource
 * name, which the answer does not hold.
 */
export function parseJob(jobId: JobId, job: Members, name: string): UpstreamJob | undefined {
  const status = toMembers(job.get('status'));
  const state = toClusterJobState(status.get('state'), status.get('substate'));
  if (state === undefined) return undefined;
  const details = readText(status.get('details'));
  const history = readHistory(job, status);
  return {
    jobId,
    state,
    waitReason: state === 'queued' ? toWaitReason(details) : null,
    startedAt: history.find((entry) => entry.state === 'running')?.at ?? null,
    endedAt: isTerminal(state) ? readText(status.get('stateStartTime')) : null,
    history,
    labels: readLabels(job.get('labels')),
    driverOutputUri: readText(job.get('driverOutputResourceUri')),
    error: state === 'failed' ? toJobError(details) : null,
    handle: readName(name),
  };
}

/** Earlier states come from `statusHistory`, the present one from `status`. */
function readHistory(job: Members, status: Members): readonly HistoryEntry[] {
  const past = job.get('statusHistory');
  const statuses: readonly unknown[] = Array.isArray(past) ? past : [];
  return [...statuses, Object.fromEntries(status)].flatMap((entry) => {
    const state = toClusterJobState(readMember(entry, 'state'), readMember(entry, 'substate'));
    const at = readText(readMember(entry, 'stateStartTime'));
    return state === undefined || at === null ? [] : [{ state, at }];
  });
}

/**
 * What the scheduler of a cluster says, in our words; without any of them the cluster's agent has not taken the job yet.
 * Source: https://cloud.google.com/dataproc/docs/concepts/jobs/troubleshoot-job-delays
 */
const WAITS = [
  ['cluster_memory', /memory/i],
  ['cluster_rate', /rate limit/i],
  ['cluster_jobs', /running jobs|capacity/i],
  ['quota', /quota/i],
] as const;

function toWaitReason(details: string | null): string {
  return WAITS.find(([, words]) => words.test(details ?? ''))?.[0] ?? 'cluster_agent';
}
