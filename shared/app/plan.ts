import { readJsonBody } from '../http/body.ts';
import type { AuthorizedInvocation } from '../http/endpoint.ts';
import { parseSubmitBody } from '../http/submit-body.ts';
import { explainLimit } from '../jobs/limit-refusal.ts';
import { toHolds, toLeft, type LimitUse } from '../jobs/limits.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import { decideRun } from '../policy/decision.ts';
import { refuseRun } from '../policy/refusal.ts';
import { findGround, Problem, type ProblemCode } from '../problem.ts';
import { getTemplate } from '../templates/catalog.ts';
import { toPlanView, type Planned, type PlanView } from './plan-view.ts';
import type { SubmitApp } from './submit-app.ts';
import { checkRun } from './submit-check.ts';

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
  { caller, deadline }: AuthorizedInvocation,
  app: SubmitApp,
): Promise<Planned> {
  let planned: Planned = {};
  try {
    const body = parseSubmitBody(rawBody, app.bodyValidator);
    const template = getTemplate(app.catalog, body.template);
    const decision = decideRun(caller, template);
    planned = { template, decision };
    if (decision.kind === 'deny') throw refuseRun(caller, template, decision);
    const { limits } = decision;
    const run = await checkRun({ caller, body, template, limits, deadline }, app);
    const holds = toHolds({ caller, template, limits, at: app.now() });
    const { records } = app.jobs();
    const keys = holds.map(({ key }) => key);
    const usage = await records.findUsage(keys, deadline);
    planned = { ...planned, run, holds, usage };
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

function findReached(
  holds: readonly LimitHold[],
  usage: ReadonlyMap<string, LimitUse>,
): readonly LimitUse[] {
  return holds.flatMap((hold) => {
    const use = usage.get(hold.key);
    return use === undefined || toLeft(hold, use) > 0 ? [] : [use];
  });
}
