import type { JobRecord, JobState } from './job.ts';
import { toCostView, type CostView } from './job-cost.ts';

/** Names of a job's links. */
type LinkName = 'self' | 'logs' | 'result' | 'audit' | 'cancel';

/** A job as the API shows it. Source: docs/architecture.md. */
export interface JobView {
  readonly id: string;
  readonly template: string;
  readonly templateVersion: string;
  readonly state: JobState;
  readonly reason: string | null;
  readonly waitReason: string | null;
  readonly submittedBy: JobRecord['submittedBy'];
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly history: readonly { readonly state: string; readonly at: string }[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly correlationId: string;
  readonly retryOf: string | null;
  readonly target: { readonly name: string; readonly kind: string; readonly region: string };
  /** Null where every job runs as its cluster's account. */
  readonly runtimeAccount: string | null;
  readonly maxRuntimeSeconds: number;
  readonly cost: CostView | null;
  readonly checkedAt: string;
  readonly links: Readonly<Record<LinkName, string>>;
  readonly error: JobRecord['error'];
}

/** What a reader is shown beside the record. */
export interface ViewOptions {
  /** Base of every link: configuration, never the Host header. */
  readonly publicUrl: string;
  /** Whether the reader may read the job's data, of which the last log lines are a part. */
  readonly mayReadData: boolean;
}

/** Shows a record to its reader. */
export function toJobView(record: JobRecord, options: ViewOptions): JobView {
  const { publicUrl, mayReadData } = options;
  const self = `${publicUrl}/v1/jobs/${record.id}`;
  const { name, kind, region } = record.target;
  return {
    id: record.id,
    template: record.template,
    templateVersion: record.templateVersion,
    state: toState(record),
    reason: record.reason,
    waitReason: record.waitReason,
    submittedBy: record.submittedBy,
    submittedAt: record.submittedAt,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    history: record.history,
    parameters: record.parameters,
    labels: record.labels,
    correlationId: record.correlationId,
    retryOf: record.retryOf,
    target: { name, kind, region },
    runtimeAccount: toAccountEmail(record),
    maxRuntimeSeconds: record.maxRuntimeSeconds,
    cost: toCostView(record),
    checkedAt: record.checkedAt,
    links: {
      self,
      logs: `${self}/logs`,
      result: `${self}/result`,
      audit: `${self}/audit`,
      cancel: `${self}/cancel`,
    },
    error: record.error === null || mayReadData ? record.error : { ...record.error, logTail: [] },
  };
}

function toState(record: JobRecord): JobState {
  return record.state === 'submitting' ? 'queued' : record.state;
}

function toAccountEmail(record: JobRecord): string | null {
  if (record.runtimeAccount === null) return null;
  return `${record.runtimeAccount}@${record.target.project}.iam.gserviceaccount.com`;
}
