import type { JobsConfig } from '../config/jobs.ts';
import type { TargetConfig, TargetKind } from '../config/targets.ts';
import {
  capRun,
  SHORTEST_TTL_SECONDS,
  toLowerCap,
  toLeastCap,
  type CappedRun,
} from '../cost/estimate.ts';
import { compareMoney } from '../cost/money.ts';
import { boundExecutors } from '../cost/size.ts';
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

/** A cluster that is made for the job lives a day at most: Dataproc bounds a workflow's time. */
const MOST_SECONDS = {
  batch: Number.POSITIVE_INFINITY,
  cluster: Number.POSITIVE_INFINITY,
  workflow: 86_400,
} as const satisfies Record<TargetKind, number>;

/** A place, of which only batches have a price. */
type PricedPlace = Pick<TargetConfig, 'kind' | 'region'>;

/** Holds what is asked for to what the caller may have, and both to what Dataproc can end by itself. */
function requireCaps({ body, template, limits }: AskedRun, place: PricedPlace): CappedRun {
  const maxRuntimeSeconds = requireRuntime(body, limits, place.kind);
  if (place.kind !== 'batch') return requireUnpriced(body, maxRuntimeSeconds);
  requireCost(body, limits);
  const capped = capRun({
    properties: boundExecutors(template.program.properties),
    region: place.region,
    maxRuntimeSeconds,
    maxCost: toLowerCap(body.maxCost, limits),
  });
  if (capped.maxRuntimeSeconds >= SHORTEST_TTL_SECONDS) return capped;
  const least = toLeastCap(capped.cost.basis, SHORTEST_TTL_SECONDS);
  throw new Problem(
    'validation_failed',
    `Dataproc ends no batch before ${SHORTEST_TTL_SECONDS / 60} minutes, in which ${template.name} may cost up to ${least} ${capped.cost.currency}: a lower cap could not be kept.`,
    { errors: [{ pointer: '/maxCost/amount', message: `must be >= ${least}` }] },
  );
}

/** A cluster is paid for by the hour, whoever's jobs run on it: a cap on one job's money could not be kept. */
function requireUnpriced(body: SubmitBody, maxRuntimeSeconds: number): CappedRun {
  if (body.maxCost === undefined) return { cost: null, maxRuntimeSeconds };
  throw new Problem('validation_failed', 'A job on a cluster has no price of its own.', {
    errors: [{ pointer: '/maxCost', message: 'must be left out: use maxRuntimeSeconds' }],
  });
}

function requireRuntime(body: SubmitBody, limits: TemplateLimits, kind: TargetKind): number {
  const most = Math.min(limits.maxRuntimeSeconds, MOST_SECONDS[kind]);
  const wanted = body.maxRuntimeSeconds ?? most;
  if (wanted <= most) return wanted;
  throw new Problem('validation_failed', 'The run would be longer than you may let it be.', {
    errors: [{ pointer: '/maxRuntimeSeconds', message: `must be <= ${most}` }],
  });
}

function requireCost({ maxCost }: SubmitBody, limits: TemplateLimits): void {
  const { amount, currency } = limits.maxCost;
  if (maxCost === undefined) return;
  const isForeign = maxCost.currency !== currency;
  if (!isForeign && compareMoney(maxCost, limits.maxCost) <= 0) return;
  const fault = isForeign
    ? { pointer: '/maxCost/currency', message: `must be ${currency}` }
    : { pointer: '/maxCost/amount', message: `must be <= ${amount}` };
  throw new Problem('validation_failed', 'The run would cost more than you may let it.', {
    errors: [fault],
  });
}
