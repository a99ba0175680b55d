import { readJsonBody } from '../http/body.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { readIdempotencyKey } from '../http/idempotency-key.ts';
import { parseSubmitBody } from '../http/submit-body.ts';
import { fingerprint } from '../jobs/canonical-json.ts';
import type { JobRecord } from '../jobs/job.ts';
import { explainLimit } from '../jobs/limit-refusal.ts';
import { toHolds, toLeft, type LimitUse } from '../jobs/limits.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import { toJobId, type SubmittedBefore } from '../jobs/submission.ts';
import { explainReuse } from '../jobs/submit.ts';
import { decideRun } from '../policy/decision.ts';
import { refuseRun } from '../policy/refusal.ts';
import { findGround, Problem, type ProblemCode } from '../problem.ts';
import { getTemplate } from '../templates/catalog.ts';
import { toPlanView, type Planned, type PlanView } from './plan-view.ts';
import type { SubmitApp } from './submit-app.ts';
import { checkRun, type AskedRun, type CheckedRun } from './submit-check.ts';

/** Codes that say nothing of the request: that the plan could not be made is no verdict. */
const NO_VERDICT: readonly ProblemCode[] = [
  'internal',
  'upstream_error',
  'upstream_refused',
  'credentials_refused',
  'upstream_unavailable',
  'upstream_timeout',
];

/**
 * Tells what submit-job would answer to a body, and why, without starting or writing anything. A refusal of the caller is
 * recorded as one, since it was made; what Dataproc itself would say is not known.
 * @throws Problem `invalid_json`, `payload_too_large`, `unsupported_media_type`; upstream problems.
 */
export async function servePlan(
  invocation: AuthorizedInvocation,
  app: SubmitApp,
): Promise<PlanView> {
  const rawBody = readJsonBody(invocation.request);
  const planned = await plan(rawBody, invocation, app);
  const ground = planned.refusal === undefined ? undefined : findGround(planned.refusal);
  if (planned.refusal !== undefined && ground !== undefined) {
    await invocation.audit.record({ decision: 'deny', code: planned.refusal.code, ...ground });
  }
  return toPlanView(planned, app.now());
}

/** Goes the way of submit-job, in its order, as far as it leads. */
async function plan(
  rawBody: Readonly<Record<string, unknown>>,
  { caller, deadline, request }: AuthorizedInvocation,
  app: SubmitApp,
): Promise<Planned> {
  let planned: Planned = {};
  try {
    const body = parseSubmitBody(rawBody, app.bodyValidator);
    const hasKey = request.headers.has('idempotency-key');
    const idempotencyKey = readIdempotencyKey(request);
    const template = getTemplate(app.catalog, body.template);
    const decision = decideRun(caller, template);
    planned = { template, decision };
    if (decision.kind === 'deny') throw refuseRun(caller, template, decision);
    const { limits } = decision;
    const named = { caller, template, idempotencyKey, rawBody, deadline };
    const sent = hasKey ? await findSent(named, app) : undefined;
    const run = await checkOrRecall({ caller, body, template, limits, deadline }, sent, app);
    planned = { ...planned, ...(run === undefined ? {} : { run }) };
    if (sent?.kind === 'other') throw explainReuse(sent.record);
    if (sent !== undefined) return { ...planned, replays: sent.record.id };
    const holds = toHolds({ caller, template, limits, at: app.now() });
    const { records } = app.jobs();
    const keys = holds.map(({ key }) => key);
    const usage = await records.findUsage(keys, deadline);
    planned = { ...planned, holds, usage };
    const reached = findReached(holds, usage);
    if (reached.length === 0) return planned;
    const ports = { records, now: app.now };
    const refusal = await explainLimit({ holds, template: template.name }, reached, {
      caller,
      deadline,
      ports,
    });
    return { ...planned, refusal };
  } catch (error) {
    if (!(error instanceof Problem) || NO_VERDICT.includes(error.code)) throw error;
    return { ...planned, refusal: error };
  }
}

/** The job that a request with an idempotency key finds, and whether it was sent with this body or with another one. */
interface Sent {
  readonly kind: 'same' | 'other';
  readonly record: JobRecord;
}

async function findSent(named: SubmittedBefore, app: SubmitApp): Promise<Sent | undefined> {
  const { config, records } = app.jobs();
  const record = await records.find(toJobId(named, config.deployment), named.deadline);
  if (record === undefined) return undefined;
  return { kind: record.fingerprint === fingerprint(named.rawBody) ? 'same' : 'other', record };
}

/** As submit-job: what would be refused today is undefined where it only repeats what was accepted in its time. */
async function checkOrRecall(
  asked: AskedRun,
  sent: Sent | undefined,
  app: SubmitApp,
): Promise<CheckedRun | undefined> {
  try {
    return await checkRun(asked, app);
  } catch (error) {
    const isKnown = sent?.kind === 'same' && sent.record.state !== 'submitting';
    if (isKnown && error instanceof Problem) return undefined;
    throw error;
  }
}

function findReached(
  holds: readonly LimitHold[],
  usage: ReadonlyMap<string, LimitUse>,
): readonly LimitUse[] {
  return holds.flatMap((hold) => {
    const use = usage.get(hold.key);
    return use === undefined || toLeft(hold, use) > 0 ? [] : [use];
  });
}
