import type { TargetKind } from '../config/targets.ts';
import { boundExecutors } from '../cost/size.ts';
import type { JobCost } from '../cost/estimate.ts';
import type { Caller } from '../identity/caller.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import type { Parameters } from '../templates/parameters.ts';
import {
  renderProgram,
  toOutputUri,
  type RenderedProgram,
  type RenderPlace,
} from '../templates/render.ts';
import type { Template, TemplateLimits } from '../templates/template.ts';
import { fingerprint } from './canonical-json.ts';
import { deriveJobId, type JobId, type JobRecord } from './job.ts';
import { toUpstreamLabels } from './labels.ts';
import { toHolds } from './limits.ts';
import type { StoredOutboxPorts } from './outbox.ts';
import type { JobGateway, Submission } from './ports.ts';

/** A request that passed every check: identity, policy, schema. */
export interface SubmitRequest {
  readonly caller: Caller;
  readonly template: Template;
  readonly parameters: Parameters;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxRuntimeSeconds: number;
  /** What it may cost; null where there is no price. */
  readonly cost: JobCost | null;
  /** The ended job that is run again. */
  readonly retryOf: JobId | null;
  /** Those that hold for the caller. */
  readonly limits: TemplateLimits;
  readonly idempotencyKey: string;
  /** The body as sent, before defaults. */
  readonly rawBody: unknown;
  readonly correlationId: string;
  readonly deadline: Date;
  /** Whether the answer shall tell how much of the limits is used, which takes a read. */
  readonly tellsUsage: boolean;
  /** Makes the audit record of the permission to run the template, for a job that is new or was there. */
  readonly describe: (about: { readonly jobId: JobId; readonly replayed: boolean }) => AuditRecord;
}

/** Where a job runs. */
export interface SubmitTarget {
  readonly name: string;
  readonly kind: TargetKind;
  readonly project: string;
  readonly region: string;
  readonly stagingBucket: string;
}

/** What submitting needs from outside. */
export interface SubmitPorts extends StoredOutboxPorts {
  readonly deployment: string;
  readonly target: SubmitTarget;
  readonly gateway: JobGateway;
  /** Told once the record is durable, before Dataproc is called. */
  readonly onRecorded: (record: JobRecord, replayed: boolean) => void;
}

/** A submission under way. */
export interface SubmitWork {
  readonly request: SubmitRequest;
  readonly ports: SubmitPorts;
}

/** What names a request that was sent before. */
export type SubmittedBefore = Pick<
  SubmitRequest,
  'caller' | 'template' | 'idempotencyKey' | 'rawBody' | 'deadline'
>;

/** What is sent upstream for a record; the program is rendered from the template that the record names. */
export function toSubmission(record: JobRecord, { request, ports }: SubmitWork): Submission {
  const { stagingBucket } = ports.target;
  return {
    jobId: record.id,
    program: renderBounded(request.template, record.parameters, {
      kind: record.target.kind,
      stagingBucket,
      jobId: record.id,
      correlationId: record.correlationId,
    }),
    target: record.target.name,
    submitterAccount: record.submitterAccount,
    runtimeAccount: record.runtimeAccount,
    maxRuntimeSeconds: record.maxRuntimeSeconds,
    labels: { ...record.labels, ...toUpstreamLabels(record, ports.deployment) },
    deadline: request.deadline,
  };
}

/** Renders a template's program; the executors of a batch, which are what it costs, are bounded. */
export function renderBounded(
  template: Template,
  parameters: Parameters,
  place: RenderPlace & { readonly kind: string },
): RenderedProgram {
  const program = renderProgram(template, parameters, place);
  if (place.kind !== 'batch') return program;
  return { ...program, properties: boundExecutors(program.properties) };
}

/** The record of a new job, which Dataproc does not know yet. */
export function toRecord(request: SubmitRequest, ports: SubmitPorts): JobRecord {
  const { caller, template } = request;
  const now = ports.now();
  const at = now.toISOString();
  const id = toJobId(request, ports.deployment);
  const { name, kind, project, region } = ports.target;
  return {
    id,
    version: 1,
    state: 'submitting',
    reason: null,
    waitReason: 'submitting',
    template: template.name,
    templateVersion: template.version,
    templateDigest: template.digest,
    submittedBy: {
      issuer: caller.issuer,
      subject: caller.subject,
      client: caller.client,
      actor: caller.actor,
    },
    submittedAt: at,
    startedAt: null,
    endedAt: null,
    checkedAt: at,
    history: [],
    parameters: request.parameters,
    labels: request.labels,
    correlationId: request.correlationId,
    retryOf: request.retryOf,
    fingerprint: fingerprint(request.rawBody),
    target: { name, kind, project, region },
    submitterAccount: template.submitter,
    runtimeAccount: template.runtimeAccount,
    maxRuntimeSeconds: request.maxRuntimeSeconds,
    cost: request.cost,
    usage: null,
    outputUri: toOutputUri(template, id),
    driverOutputUri: null,
    handle: null,
    openStartAt: kind === 'workflow' ? at : null,
    error: null,
    holds: toHolds({ caller, template, limits: request.limits, at: now }),
    announced: [],
    cancelReason: null,
    missingSince: null,
    outbox: [request.describe({ jobId: id, replayed: false })],
    expiresAtSeconds: null,
  };
}

/** The id under which a request finds its job. */
export function toJobId(request: SubmittedBefore, deployment: string): JobId {
  const { issuer, subject, actor } = request.caller;
  const { idempotencyKey, template } = request;
  const caller = { issuer, subject, actor };
  return deriveJobId({ deployment, ...caller, template: template.name, idempotencyKey });
}
