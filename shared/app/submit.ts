import { readJsonBody } from '../http/body.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import type { ApiRequest } from '../http/request.ts';
import { parseSubmitBody, type SubmitBody } from '../http/submit-body.ts';
import type { Caller } from '../identity/caller.ts';
import type { JobRecord } from '../jobs/job.ts';
import { findSubmittedBefore, recordReplay, submitJob, type SubmitResult } from '../jobs/submit.ts';
import type { SubmitRequest, SubmittedBefore } from '../jobs/submission.ts';
import type { Log } from '../log.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import { decideRun, type RunDecision } from '../policy/decision.ts';
import type { Guard } from '../policy/guard.ts';
import { refuseRun } from '../policy/refusal.ts';
import { Problem } from '../problem.ts';
import { getTemplate, type Catalog } from '../templates/catalog.ts';
import { checkParameters, type Parameters, type Validator } from '../templates/parameters.ts';
import type { Template, TemplateLimits } from '../templates/template.ts';
import type { JobsApp } from './jobs.ts';

/** What submit-job needs beside the job adapters. */
export interface SubmitApp {
  readonly jobs: () => JobsApp;
  readonly catalog: Catalog;
  readonly bodyValidator: Validator;
  readonly parameterValidators: Readonly<Record<string, Validator | undefined>>;
  readonly admitJob: Guard['admitJob'];
  readonly now: () => Date;
}

/**
 * Serves one submit-job request: body, template, permission, version and parameters, then the submission itself.
 * Nothing is read or written outside the process before every check has passed, but for a repeated request that the
 * template as it is today would refuse: its job is looked up, and shown if it is there.
 * @throws Problem of each check, and what {@link submitJob} throws.
 */
export async function serveSubmit(
  invocation: AuthorizedInvocation,
  app: SubmitApp,
): Promise<SubmitResult> {
  const { caller, request, log, deadline, audit } = invocation;
  const rawBody = readJsonBody(request);
  const body = parseSubmitBody(rawBody, app.bodyValidator);
  const idempotencyKey = readIdempotencyKey(request);
  const template = getTemplate(app.catalog, body.template);
  const { rule, limits } = requirePermission(caller, template);
  const describe: SubmitRequest['describe'] = (about) =>
    audit.describe({ decision: 'allow', rule, ...toAuditedTemplate(template), ...about });
  const named = { caller, template, idempotencyKey, rawBody, deadline, describe };
  const checked = await checkOrRecall(body, named, { app, request, limits });
  const { config, gateway, browse, getTarget } = app.jobs();
  const { records, record: recordDecision } = browse;
  const onRecorded = (record: JobRecord, replayed: boolean): void => {
    logRecorded(log, record, replayed);
  };
  const ports = { gateway, records, record: recordDecision, now: app.now, onRecorded };
  if (checked.kind === 'known') {
    const record = await recordReplay(checked.record, named, ports);
    onRecorded(record, true);
    return { record, replayed: true };
  }
  const submission: SubmitRequest = {
    ...named,
    parameters: checked.parameters,
    labels: body.labels,
    maxRuntimeSeconds: checked.maxRuntimeSeconds,
    limits,
    correlationId: request.correlationId,
  };
  const target = getTarget(template.target);
  return submitJob(submission, { ...ports, deployment: config.deployment, target });
}

type Checked =
  | { readonly kind: 'valid'; readonly parameters: Parameters; readonly maxRuntimeSeconds: number }
  | { readonly kind: 'known'; readonly record: JobRecord };

interface Serving {
  readonly app: SubmitApp;
  readonly request: ApiRequest;
  /** Those that hold for the caller. */
  readonly limits: TemplateLimits;
}

/** Checks a body against its template and the switches; a refused one may be the repetition of one that was accepted in its time. */
async function checkOrRecall(
  body: SubmitBody,
  named: SubmittedBefore,
  { app, request, limits }: Serving,
): Promise<Checked> {
  try {
    const { template } = named;
    requireVersion(body, template);
    const parameters = requireParameters(body, template, app);
    const maxRuntimeSeconds = toRuntimeLimit(body, limits);
    await app.admitJob(template.name, named.deadline);
    return { kind: 'valid', parameters, maxRuntimeSeconds };
  } catch (error) {
    if (!(error instanceof Problem) || !request.headers.has('idempotency-key')) throw error;
    const { config, records } = app.jobs();
    const { deployment } = config;
    const record = await findSubmittedBefore(named, { deployment, records });
    if (record === undefined) throw error;
    return { kind: 'known', record };
  }
}

/** Gives what allows the caller to run the template. */
function requirePermission(
  caller: Caller,
  template: Template,
): Extract<RunDecision, { readonly kind: 'allow' }> {
  const decision = decideRun(caller, template);
  if (decision.kind === 'allow') return decision;
  throw refuseRun(caller, template, decision);
}

function toAuditedTemplate(template: Template): Pick<AuditRecord, 'template' | 'templateVersion'> {
  return { template: template.name, templateVersion: template.version };
}

function requireVersion(body: SubmitBody, template: Template): void {
  const wanted = body.templateVersion;
  if (wanted === undefined || wanted === template.version) return;
  throw new Problem(
    'template_changed',
    `Version ${wanted} was asked for; ${template.name} is at ${template.version}. Read the template again.`,
  );
}

function requireParameters(body: SubmitBody, template: Template, app: SubmitApp): Parameters {
  const validator = app.parameterValidators[template.name];
  if (validator === undefined) throw new Error(`no validator for ${template.name}`);
  const check = checkParameters(template, validator, body.rawParameters);
  if (check.kind === 'valid') return check.parameters;
  const detail = `The parameters do not match the schema of ${template.name}; GET /v1/templates/${template.name} shows it.`;
  throw new Problem('validation_failed', detail, { errors: check.errors });
}

function toRuntimeLimit(body: SubmitBody, limits: TemplateLimits): number {
  const most = limits.maxRuntimeSeconds;
  const wanted = body.maxRuntimeSeconds ?? most;
  if (wanted <= most) return wanted;
  throw new Problem('validation_failed', 'The run would be longer than you may let it be.', {
    errors: [{ pointer: '/maxRuntimeSeconds', message: `must be <= ${most}` }],
  });
}

function logRecorded(log: Log, record: JobRecord, replayed: boolean): void {
  log.write('info', 'recorded', {
    jobId: record.id,
    template: record.template,
    templateVersion: record.templateVersion,
    state: record.state,
    replayed,
    maxRuntimeSeconds: record.maxRuntimeSeconds,
  });
}
