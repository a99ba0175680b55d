import type { protos } from '@google-cloud/dataproc';
import type { JobUsage } from '../cost/estimate.ts';
import type { BatchSize } from '../cost/size.ts';
import type { HistoryEntry, JobError, JobId, JobState } from '../jobs/job.ts';
import type { Submission, UpstreamJob } from '../jobs/ports.ts';
import {
  holdsException,
  readLabels,
  readMember,
  readName,
  readText,
  toJobError,
} from './answer.ts';
import { toBatchProgram } from './program.ts';
import { toJobState } from './states.ts';
import { findLimitError, readSeconds } from './time-limit.ts';

type Batch = protos.google.cloud.dataproc.v1.IBatch;

/** A batch in proto3 JSON, where enums are names and durations strings. */
export type BatchJson = Omit<Batch, 'environmentConfig'> & {
  readonly environmentConfig: {
    readonly executionConfig: {
      readonly serviceAccount: string;
      readonly ttl: string;
      readonly stagingBucket: string;
      readonly authenticationConfig: { readonly userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' };
    };
  };
};

/** Where a batch runs and stages its files. */
export interface BatchPlace {
  readonly stagingBucket: string;
  readonly runtimeVersion: string;
  readonly runtimeAccountEmail: string;
}

/** Writes a submission as a batch that runs as the template's own account. Source: Dataproc REST reference, Batch. */
export function toBatch(submission: Submission, place: BatchPlace): BatchJson {
  const { program } = submission;
  return {
    labels: { ...submission.labels },
    ...toBatchProgram(program),
    runtimeConfig: { version: place.runtimeVersion, properties: { ...program.properties } },
    environmentConfig: {
      executionConfig: {
        serviceAccount: place.runtimeAccountEmail,
        ttl: `${submission.maxRuntimeSeconds}s`,
        stagingBucket: place.stagingBucket,
        authenticationConfig: { userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' },
      },
    },
  };
}

/** Reads a batch from Google's answer; undefined when its state is none that is known. */
export function parseBatch(
  jobId: JobId,
  batch: ReadonlyMap<string, unknown>,
): UpstreamJob | undefined {
  const state = toJobState(batch.get('state'));
  if (state === undefined) return undefined;
  const message = readText(batch.get('stateMessage'));
  const stateTime = readText(batch.get('stateTime'));
  const history = readHistory(batch, state, stateTime);
  return {
    jobId,
    state,
    waitReason: state === 'queued' ? toWaitReason(message) : null,
    startedAt: history.find((entry) => entry.state === 'running')?.at ?? null,
    endedAt: ['succeeded', 'failed', 'cancelled'].includes(state) ? stateTime : null,
    history,
    labels: readLabels(batch.get('labels')),
    driverOutputUri: readText(readMember(batch.get('runtimeInfo'), 'outputUri')),
    error: toError(batch, { state, message, history }),
    handle: readName(batch.get('operation')),
    ...readUsage(batch.get('runtimeInfo')),
    ...readSize(batch.get('runtimeInfo')),
  };
}

/**
 * A batch that its `ttl` has ended is CANCELLED, as people report; one that FAILED and threw nothing may be one too.
 * Source: ExecutionConfig.ttl in the shipped protos; https://github.com/kubeflow/pipelines/issues/10190
 */
function toError(
  batch: ReadonlyMap<string, unknown>,
  end: Pick<UpstreamJob, 'state' | 'history'> & { readonly message: string | null },
): JobError | null {
  const { state, message, history } = end;
  if (state !== 'failed' && state !== 'cancelled') return null;
  const enteredAt = (each: JobState): string | undefined =>
    history.find((entry) => entry.state === each)?.at;
  const execution = readMember(batch.get('environmentConfig'), 'executionConfig');
  const limited = findLimitError({
    seconds: readSeconds(readMember(execution, 'ttl')),
    startedAt: enteredAt('running'),
    stoppedAt: enteredAt('cancelling') ?? enteredAt(state),
  });
  if (state === 'cancelled') return limited;
  return holdsException(message) ? toJobError(message) : (limited ?? toJobError(message));
}

/** Source: Dataproc REST reference, UsageMetrics: 64-bit integers as text; a batch that has not ended has none. */
function readUsage(runtimeInfo: unknown): { readonly usage?: JobUsage } {
  const metrics = readMember(runtimeInfo, 'approximateUsage');
  const milliDcuSeconds = readCount(readMember(metrics, 'milliDcuSeconds'));
  if (milliDcuSeconds === undefined) return {};
  const shuffleStorageGbSeconds = readCount(readMember(metrics, 'shuffleStorageGbSeconds')) ?? 0;
  return { usage: { milliDcuSeconds, shuffleStorageGbSeconds } };
}

/**
 * What a batch takes up at present, of either tier: how often Dataproc takes such a snapshot is not documented.
 * Source: UsageSnapshot in the shipped protos.
 */
function readSize(runtimeInfo: unknown): { readonly size?: BatchSize } {
  const snapshot = readMember(runtimeInfo, 'currentUsage');
  const add = (...names: readonly string[]): number | undefined => {
    const counts = names.map((name) => readCount(readMember(snapshot, name)));
    const known = counts.filter((count) => count !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count);
  };
  const milliDcu = add('milliDcu', 'milliDcuPremium');
  if (milliDcu === undefined) return {};
  return { size: { milliDcu, shuffleGb: add('shuffleStorageGb', 'shuffleStorageGbPremium') ?? 0 } };
}

function readCount(value: unknown): number | undefined {
  const isCount = typeof value === 'string' && /^\d{1,15}$/.test(value);
  return isCount ? Number(value) : undefined;
}

/** Earlier states come from `stateHistory`, the present one from `state` and `stateTime`. */
function readHistory(
  batch: ReadonlyMap<string, unknown>,
  state: JobState,
  stateTime: string | null,
): readonly HistoryEntry[] {
  const past = batch.get('stateHistory');
  const entries = (Array.isArray(past) ? past : []).flatMap((entry: unknown) => {
    const was = toJobState(readMember(entry, 'state'));
    const at = readText(readMember(entry, 'stateStartTime'));
    return was === undefined || at === null ? [] : [{ state: was, at }];
  });
  return stateTime === null ? entries : [...entries, { state, at: stateTime }];
}

function toWaitReason(message: string | null): string {
  return message !== null && /quota|limit|capacity/i.test(message) ? 'quota' : 'provisioning';
}
