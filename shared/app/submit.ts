import { readJsonBody } from '../http/body.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import type { ApiRequest } from '../http/request.ts';
import { parseSubmitBody, type SubmitBody } from '../http/submit-body.ts';
import type { Caller } from '../identity/caller.ts';
import type { JobRecord } from '../jobs/job.ts';
import {
  findSubmittedBefore,
  submitJob,
  type SubmitRequest,
  type SubmitResult,
  type SubmittedBefore,
} from '../jobs/submit.ts';
import type { Log } from '../log.ts';
import { decideRun } from '../policy.ts';
import { Problem } from '../problem.ts';
import { getTemplate, type Catalog } from '../templates/catalog.ts';
import { checkParameters, type Parameters, type Validator } from '../templates/parameters.ts';
import type { Template } from '../templates/template.ts';
import type { JobsApp } from './jobs.ts';

/** What submit-job needs beside the job adapters. */
export interface SubmitApp {
  readonly jobs: () => JobsApp;
  readonly catalog: Catalog;
  readonly bodyValidator: Validator;
  readonly parameterValidators: Readonly<Record<string, Validator | undefined>>;
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
  const { caller, request, log, deadline } = invocation;
  const rawBody = readJsonBody(request);
  const body = parseSubmitBody(rawBody, app.bodyValidator);
  const idempotencyKey = readIdempotencyKey(request);
  const template = getTemplate(app.catalog, body.template);
  requirePermission(caller, template, log);
  const named = { caller, template, idempotencyKey, rawBody, deadline };
  const checked = await checkOrRecall(body, named, { app, request });
  if (checked.kind === 'known') {
    auditRecorded(log, checked.record, true);
    return { record: checked.record, replayed: true };
  }
  const submission: SubmitRequest = {
    ...named,
    parameters: checked.parameters,
    labels: body.labels,
    maxRuntimeSeconds: checked.maxRuntimeSeconds,
    correlationId: request.correlationId,
  };
  const { config, gateway, records, getTarget } = app.jobs();
  const onRecorded = (record: JobRecord, replayed: boolean): void => {
    auditRecorded(log, record, replayed);
  };
  const target = getTarget(template.target);
  const { deployment } = config;
  return submitJob(submission, { deployment, target, gateway, records, now: app.now, onRecorded });
}

type Checked =
  | { readonly kind: 'valid'; readonly parameters: Parameters; readonly maxRuntimeSeconds: number }
  | { readonly kind: 'known'; readonly record: JobRecord };

interface Serving {
  readonly app: SubmitApp;
  readonly request: ApiRequest;
}

/** Checks a body against its template; a refused one may be the repetition of one that was accepted in its time. */
async function checkOrRecall(
  body: SubmitBody,
  named: SubmittedBefore,
  { app, request }: Serving,
): Promise<Checked> {
  try {
    const { template } = named;
    requireVersion(body, template);
    const parameters = requireParameters(body, template, app);
    return { kind: 'valid', parameters, maxRuntimeSeconds: toRuntimeLimit(body, template) };
  } catch (error) {
    if (!(error instanceof Problem) || !request.headers.has('idempotency-key')) throw error;
    const { config, records } = app.jobs();
    const { deployment } = config;
    const record = await findSubmittedBefore(named, { deployment, records });
    if (record === undefined) throw error;
    return { kind: 'known', record };
  }
}

function requirePermission(caller: Caller, template: Template, log: Log): void {
  const decision = decideRun(caller, template);
  log.write('audit', 'decided', {
    action: 'submit-job',
    template: template.name,
    templateVersion: template.version,
    decision: decision.kind,
    rule: decision.rule,
  });
  if (decision.kind === 'allow') return;
  const { issuer, subject, client, groups } = caller;
  throw new Problem(
    'template_forbidden',
    `You are ${subject}; running ${template.name} needs ${decision.missing.join(' and ')}. ${template.access}`,
    {
      caller: { issuer, subject, client, groups, closestRule: decision.rule },
      missing: decision.missing,
    },
  );
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

function toRuntimeLimit(body: SubmitBody, template: Template): number {
  const most = template.limits.maxRuntimeSeconds;
  const wanted = body.maxRuntimeSeconds ?? most;
  if (wanted <= most) return wanted;
  throw new Problem('validation_failed', 'The run would be longer than the template allows.', {
    errors: [{ pointer: '/maxRuntimeSeconds', message: `must be <= ${most}` }],
  });
}

function auditRecorded(log: Log, record: JobRecord, replayed: boolean): void {
  log.write('audit', 'recorded', {
    action: 'submit-job',
    jobId: record.id,
    template: record.template,
    templateVersion: record.templateVersion,
    state: record.state,
    replayed,
    maxRuntimeSeconds: record.maxRuntimeSeconds,
  });
}
