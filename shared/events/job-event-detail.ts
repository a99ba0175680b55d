import type { JobError, JobRecord, JobState } from '../jobs/job.ts';
import { toCostView, type CostView } from '../jobs/job-cost.ts';
import type { JobEvent } from '../jobs/ports.ts';

/**
 * What an event tells of its job: who ran what, and how it went; no parameters, no output, no message of a program. What
 * the job came to only after the event's state, and what it has cost since, is null. Published in docs/events.md; its schema is
 * job-event.schema.json, and changes only by additions.
 */
export interface JobEventDetail {
  /** `<job>:<state>`: an event that is told twice has the same id. */
  readonly id: string;
  readonly job: string;
  readonly state: JobState;
  /** When the job came to the state; RFC 3339, as all instants. */
  readonly at: string;
  readonly reason: string | null;
  readonly template: string;
  readonly templateVersion: string;
  readonly submittedBy: JobRecord['submittedBy'];
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly correlationId: string;
  readonly retryOf: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: { readonly name: string; readonly kind: string; readonly region: string };
  /** Null where there is no price; `accrued` is null in the event of a state that the job has left since. */
  readonly cost:
    | (Pick<CostView, 'currency' | 'estimate'> & { readonly accrued: CostView['accrued'] | null })
    | null;
  readonly error: Pick<JobError, 'class' | 'code' | 'retryable'> | null;
  readonly links: { readonly self: string };
}

/** Makes the detail of an event; `publicUrl` is the base of its link. */
export function toJobEventDetail(event: JobEvent, publicUrl: string): JobEventDetail {
  const { id, state, at, record } = event;
  const { issuer, subject, client, actor } = record.submittedBy;
  const { name, kind, region } = record.target;
  return {
    id,
    job: record.id,
    state,
    at,
    ...toOutcome(event),
    template: record.template,
    templateVersion: record.templateVersion,
    submittedBy: { issuer, subject, client, actor },
    submittedAt: record.submittedAt,
    startedAt: state === 'queued' ? null : record.startedAt,
    correlationId: record.correlationId,
    retryOf: record.retryOf,
    labels: record.labels,
    target: { name, kind, region },
    cost: toCost(event),
    links: { self: `${publicUrl}/v1/jobs/${record.id}` },
  };
}

/** What is told of the state that the record is in; a state that was left since keeps to itself what came after it. */
function toOutcome({
  state,
  record,
}: JobEvent): Pick<JobEventDetail, 'reason' | 'endedAt' | 'error'> {
  if (record.state !== state) return { reason: null, endedAt: null, error: null };
  const { reason, endedAt, error } = record;
  if (error === null) return { reason, endedAt, error };
  const { class: errorClass, code, retryable } = error;
  return { reason, endedAt, error: { class: errorClass, code, retryable } };
}

function toCost({ state, record }: JobEvent): JobEventDetail['cost'] {
  const view = toCostView(record);
  if (view === null) return null;
  const { currency, estimate, accrued } = view;
  return { currency, estimate, accrued: record.state === state ? accrued : null };
}
