import type { CappedRun } from '../cost/estimate.ts';
import type { Caller } from '../identity/caller.ts';
import type { Parameters } from '../templates/parameters.ts';
import type { RenderedProgram } from '../templates/render.ts';
import type { Template } from '../templates/template.ts';
import { fingerprint } from './canonical-json.ts';
import type { JobId } from './job.ts';
import { toUpstreamLabels } from './labels.ts';
import { renderBounded, type SubmitTarget } from './submission.ts';

/** What a request comes to once everything about it is checked, and before it is one. */
export interface PlannedRun {
  readonly caller: Caller;
  readonly template: Template;
  readonly parameters: Parameters;
  readonly labels: Readonly<Record<string, string>>;
  readonly capped: CappedRun;
  readonly retryOf: JobId | null;
}

/** What would be sent to Dataproc; what only a request has (job, correlation id, fingerprint) stands in braces. */
export interface PlannedRequest {
  readonly target: { readonly name: string; readonly project: string; readonly region: string };
  readonly program: RenderedProgram;
  readonly submitterAccount: string;
  readonly runtimeAccount: string | null;
  readonly maxRuntimeSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Renders what would be sent. A secret's value is no part of it. */
export function toPlannedRequest(
  run: PlannedRun,
  target: SubmitTarget,
  deployment: string,
): PlannedRequest {
  const { caller, template, parameters, capped } = run;
  const { name, kind, project, region, stagingBucket } = target;
  const ours = toUpstreamLabels(
    {
      submittedBy: caller,
      template: template.name,
      templateVersion: template.version,
      correlationId: '{correlation}',
      fingerprint: '{request}',
    },
    deployment,
  );
  return {
    target: { name, project, region },
    program: renderBounded(template, parameters, {
      kind,
      stagingBucket,
      jobId: '{job}',
      correlationId: '{correlation}',
    }),
    submitterAccount: template.submitter,
    runtimeAccount: template.runtimeAccount,
    maxRuntimeSeconds: capped.maxRuntimeSeconds,
    labels: { ...run.labels, ...ours },
  };
}

/** The SHA-256 over the canonical form of all that was planned: another template, request or price has another. */
export function toPlanDigest(run: PlannedRun, request: PlannedRequest): string {
  const { template, parameters, labels, capped, retryOf } = run;
  const { name, version, digest } = template;
  return fingerprint({
    template: { name, version, digest },
    parameters,
    labels,
    retryOf,
    cost: capped.cost,
    request,
  });
}
