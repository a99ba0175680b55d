import { readJsonBody } from '../http/body.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import { readPreferences } from '../http/prefer.ts';
import type { ApiRequest } from '../http/request.ts';
import { parseSubmitBody } from '../http/submit-body.ts';
import type { Caller } from '../identity/caller.ts';
import type { JobRecord } from '../jobs/job.ts';
import { findSubmittedBefore, recordReplay, submitJob, type SubmitResult } from '../jobs/submit.ts';
import type { SubmitRequest, SubmittedBefore } from '../jobs/submission.ts';
import type { Log, LogFields } from '../log.ts';
import type { AuditRecord } from '../policy/audit-record.ts';
import { decideRun, type RunDecision } from '../policy/decision.ts';
import { refuseRun } from '../policy/refusal.ts';
import { Problem } from '../problem.ts';
import { getTemplate } from '../templates/catalog.ts';
import type { Template } from '../templates/template.ts';
import type { SubmitApp } from './submit-app.ts';
import { checkRun, type AskedRun, type CheckedRun } from './submit-check.ts';

/**
 * Serves one submit-job request: body, template, permission, version and parameters, then the submission itself.
 * Nothing is written before every check has passed, and nothing read but the switches, the job that is to be run again,
 * and the job of a repeated request that would be refused today: it is shown if it is there.
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
  const describeWith = (facts: AuditedFiles) => (about: AuditedJob) =>
    audit.describe({ decision: 'allow', rule, ...toAuditedTemplate(template), ...facts, ...about });
  const describe = describeWith({});
  const named = { caller, template, idempotencyKey, rawBody, deadline, describe };
  const asked: AskedRun = { caller, body, template, limits, deadline };
  const checked = await checkOrRecall(named, { app, request, asked });
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
  const { correlationId } = request;
  const admitted = {
    ...toAdmitted(checked.run),
    describe: describeWith(toAuditedFiles(checked.run)),
    tellsUsage: readPreferences(request).has('rate-limit'),
  };
  const submission = { ...named, ...admitted, limits, correlationId };
  const target = getTarget(template.target);
  return submitJob(submission, { ...ports, deployment: config.deployment, target });
}

/** What of a checked run a submission carries. */
function toAdmitted({
  parameters,
  labels,
  retryOf,
  capped,
}: CheckedRun): Pick<
  SubmitRequest,
  'parameters' | 'labels' | 'retryOf' | 'cost' | 'maxRuntimeSeconds'
> {
  const { cost, maxRuntimeSeconds } = capped;
  return { parameters, labels, retryOf, cost, maxRuntimeSeconds };
}

type Checked =
  | { readonly kind: 'valid'; readonly run: CheckedRun }
  | { readonly kind: 'known'; readonly record: JobRecord };

interface Serving {
  readonly app: SubmitApp;
  readonly request: ApiRequest;
  readonly asked: AskedRun;
}

/** Checks what is asked for; a refused request may be the repetition of one that was accepted in its time. */
async function checkOrRecall(
  named: SubmittedBefore,
  { app, request, asked }: Serving,
): Promise<Checked> {
  try {
    return { kind: 'valid', run: await checkRun(asked, app) };
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

type AuditedJob = Parameters<SubmitRequest['describe']>[0];
type AuditedFiles = Pick<AuditRecord, 'uploads'>;

/** Which files of the caller's own the job was given: their URIs name the SHA-256 of what they hold. */
function toAuditedFiles({ uploads }: CheckedRun): AuditedFiles {
  return uploads.length === 0 ? {} : { uploads };
}

function toAuditedTemplate(template: Template): Pick<AuditRecord, 'template' | 'templateVersion'> {
  return { template: template.name, templateVersion: template.version };
}

function logRecorded(log: Log, record: JobRecord, replayed: boolean): void {
  log.write('info', 'recorded', {
    jobId: record.id,
    template: record.template,
    templateVersion: record.templateVersion,
    state: record.state,
    replayed,
    maxRuntimeSeconds: record.maxRuntimeSeconds,
    ...toCostFields(record),
  });
}

function toCostFields({ cost }: JobRecord): LogFields {
  if (cost === null) return {};
  return { maxCost: cost.maxCost.amount, estimatedCost: cost.high, currency: cost.currency };
}
