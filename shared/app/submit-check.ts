import type { JobsConfig } from '../config/jobs.ts';
import type { TargetConfig } from '../config/targets.ts';
import type { SubmitBody } from '../http/submit-body.ts';
import type { Caller } from '../identity/caller.ts';
import type { JobRecord } from '../jobs/job.ts';
import {
  toPlanDigest,
  toPlannedRequest,
  type PlannedRequest,
  type PlannedRun,
} from '../jobs/plan.ts';
import { findRetried } from '../jobs/retry.ts';
import { listUploads, toUploadPlace } from '../jobs/uploads.ts';
import { Problem } from '../problem.ts';
import { findMisfit } from '../templates/fit.ts';
import { checkParameters, type Parameters } from '../templates/parameters.ts';
import type { UploadPlace } from '../templates/storage-uris.ts';
import type { Template, TemplateLimits } from '../templates/template.ts';
import type { SubmitApp } from './submit-app.ts';
import { requireCaps } from './submit-caps.ts';

/** A request whose caller may run its template. */
export interface AskedRun {
  readonly caller: Caller;
  readonly body: SubmitBody;
  readonly template: Template;
  /** Those that hold for the caller. */
  readonly limits: TemplateLimits;
  readonly deadline: Date;
}

/** A run that passed every check but that of the run limits, which only the store can make. */
export interface CheckedRun extends PlannedRun {
  /** What would be sent, rendered when it is asked for: a submission renders its own. */
  readonly planned: () => PlannedRequest;
  /** URIs of files of the caller's own among the parameters. */
  readonly uploads: readonly string[];
}

/**
 * Checks all that is asked for against the template, the ended job that is run again, the caps, the plan and the
 * switches. Submitting and planning both come through here: what one refuses, the other does, with the same words.
 * @throws Problem `template_changed`, `validation_failed`, `submissions_paused`, and what finding the ended job throws.
 */
export async function checkRun(asked: AskedRun, app: SubmitApp): Promise<CheckedRun> {
  const { body, caller, template, deadline } = asked;
  requireVersion(body, template);
  const { config } = app.jobs();
  const target = requireFit(template, app);
  const retried = await findAsked(asked, app);
  const uploads = findUploadPlace(caller, config);
  const raw = body.rawParameters ?? retried?.parameters;
  const parameters = requireParameters(raw, { template, uploads }, app);
  const run: PlannedRun = {
    caller,
    template,
    parameters,
    labels: body.labels ?? retried?.labels ?? {},
    capped: requireCaps(asked, target),
    retryOf: retried?.id ?? null,
  };
  const planned = (): PlannedRequest => toPlannedRequest(run, target, config.deployment);
  requirePlan(body, run, planned);
  await app.admitJob(template.name, deadline);
  return { ...run, planned, uploads: listUploads(parameters, uploads) };
}

/** Where the caller may put files; null where nobody may. */
function findUploadPlace(caller: Caller, { deployment, uploads }: JobsConfig): UploadPlace | null {
  return uploads === null ? null : toUploadPlace(caller, { deployment, bucket: uploads.bucket });
}

async function findAsked(
  { body, caller, template, deadline }: AskedRun,
  app: SubmitApp,
): Promise<JobRecord | undefined> {
  if (body.retryOf === undefined) return undefined;
  const request = { caller, rawJobId: body.retryOf, deadline };
  return findRetried(request, template.name, app.jobs().records);
}

function requireVersion(body: SubmitBody, template: Template): void {
  const wanted = body.templateVersion;
  if (wanted === undefined || wanted === template.version) return;
  throw new Problem(
    'template_changed',
    `Version ${wanted} was asked for; ${template.name} is at ${template.version}. Read the template again.`,
    { changed: { templateVersion: { sent: wanted, now: template.version } } },
  );
}

function requirePlan(body: SubmitBody, run: PlannedRun, planned: CheckedRun['planned']): void {
  const wanted = body.planDigest;
  if (wanted === undefined) return;
  const planDigest = toPlanDigest(run, planned());
  if (wanted === planDigest) return;
  const { name, version } = run.template;
  throw new Problem(
    'template_changed',
    `This is no longer what was planned: ${name} (now at ${version}), its prices or this request have changed since. Plan it again.`,
    {
      changed: {
        planDigest: { sent: wanted, now: planDigest },
        templateVersion: { sent: body.templateVersion ?? null, now: version },
      },
    },
  );
}

interface Expected {
  readonly template: Template;
  readonly uploads: UploadPlace | null;
}

function requireParameters(
  raw: unknown,
  { template, uploads }: Expected,
  app: SubmitApp,
): Parameters {
  const validator = app.parameterValidators[template.name];
  if (validator === undefined) throw new Error(`no validator for ${template.name}`);
  const check = checkParameters(template, validator, raw ?? {}, uploads);
  if (check.kind === 'valid') return check.parameters;
  const detail = `The parameters do not match the schema of ${template.name}; GET /v1/templates/${template.name} shows it.`;
  throw new Problem('validation_failed', detail, { errors: check.errors });
}

/** Gets the template's target, which is of a kind that can run it. */
function requireFit(template: Template, app: SubmitApp): TargetConfig {
  const target = app.jobs().getTarget(template.target);
  const misfit = findMisfit(template, target.kind);
  if (misfit === undefined) return target;
  const detail = `${template.name} cannot run on ${target.name}: ${misfit}. Its owner or the operators of this API have to mend that.`;
  throw new Problem('target_unsuitable', detail);
}
