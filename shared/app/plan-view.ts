import type { CostBasis } from '../cost/estimate.ts';
import type { JobId } from '../jobs/job.ts';
import type { LimitHold } from '../jobs/limit-hold.ts';
import { toLimitViews, type LimitView } from '../jobs/limit-view.ts';
import type { LimitUse } from '../jobs/limits.ts';
import { toPlanDigest, type PlannedRequest } from '../jobs/plan.ts';
import type { RunDecision } from '../policy/decision.ts';
import { PROBLEMS, type FieldFault, type Problem, type ProblemCode } from '../problem.ts';
import type { Money, Template } from '../templates/template.ts';
import type { CheckedRun } from './submit-check.ts';

/** What was found out on the way to a verdict; what comes after a refusal stays undefined. */
export interface Planned {
  readonly template?: Template;
  readonly decision?: RunDecision;
  readonly run?: CheckedRun;
  readonly holds?: readonly LimitHold[];
  readonly usage?: ReadonlyMap<string, LimitUse>;
  /** The job that this request finds under its Idempotency-Key; undefined when there is none. */
  readonly replays?: JobId;
  /** Why submit-job would refuse; undefined when it would not. */
  readonly refusal?: Problem;
}

/** What submit-job would answer, and the five questions behind it; null stands where an answer before it was no. */
export interface PlanView {
  /** Whether a job would start, and the status and, for a refusal, the problem that submit-job would answer with. */
  readonly verdict: {
    readonly starts: boolean;
    readonly status: number;
    readonly code: ProblemCode | null;
    readonly detail: string | null;
    /** The job that is there already under the Idempotency-Key, which submit-job would show with 200. */
    readonly replays: JobId | null;
  };
  readonly valid: { readonly valid: boolean; readonly errors: readonly FieldFault[] } | null;
  readonly permission: {
    readonly allowed: boolean;
    /** The rule that decided, or the one that came closest. */
    readonly rule: string;
    readonly missing: readonly string[];
  } | null;
  readonly template: {
    readonly name: string;
    readonly version: string;
    readonly digest: string;
  } | null;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly retryOf: string | null;
  /** What would be sent; job, correlation id and request in braces are not known yet. */
  readonly request: PlannedRequest | null;
  readonly cost: PlannedCost | null;
  readonly limits: readonly LimitView[] | null;
  readonly templateVersion: string | null;
  /** To be sent with submit-job, which then starts this and nothing else. */
  readonly planDigest: string | null;
}

/** The price of a run and what it is reckoned from. */
interface PlannedCost {
  readonly currency: string;
  readonly estimate: { readonly low: string; readonly high: string };
  readonly maxCost: Money;
  readonly maxRuntimeSeconds: number;
  readonly basis: CostBasis;
}

/** Shows a plan. */
export function toPlanView(planned: Planned, now: Date): PlanView {
  const { template, run, holds, usage } = planned;
  const request = run?.planned();
  const counted = holds !== undefined && usage !== undefined;
  return {
    verdict: toVerdict(planned),
    valid: toValidity(planned),
    permission: toPermission(planned),
    template:
      template === undefined
        ? null
        : { name: template.name, version: template.version, digest: template.digest },
    parameters: run?.parameters ?? null,
    retryOf: run?.retryOf ?? null,
    request: request ?? null,
    cost: toCost(planned),
    limits: counted ? toLimitViews(holds, usage, now) : null,
    templateVersion: template?.version ?? null,
    planDigest: run === undefined || request === undefined ? null : toPlanDigest(run, request),
  };
}

function toVerdict({ refusal, replays }: Planned): PlanView['verdict'] {
  if (refusal !== undefined) {
    const { code, detail } = refusal;
    return { starts: false, status: PROBLEMS[code].status, code, detail, replays: null };
  }
  const fine = { code: null, detail: null };
  if (replays !== undefined) return { starts: false, status: 200, ...fine, replays };
  return { starts: true, status: 202, ...fine, replays: null };
}

/** Whether the request is valid is known once its run was checked, or refused for a fault in it. */
function toValidity({ run, refusal }: Planned): PlanView['valid'] {
  const errors = refusal?.extras.errors ?? [];
  if (errors.length > 0) return { valid: false, errors };
  return run === undefined ? null : { valid: true, errors: [] };
}

function toPermission({ decision }: Planned): PlanView['permission'] {
  if (decision === undefined) return null;
  const allowed = decision.kind === 'allow';
  return { allowed, rule: decision.rule, missing: allowed ? [] : decision.missing };
}

function toCost({ run }: Planned): PlannedCost | null {
  const cost = run?.capped.cost ?? null;
  if (run === undefined || cost === null) return null;
  const { currency, low, high, maxCost, basis } = cost;
  const { maxRuntimeSeconds } = run.capped;
  return { currency, estimate: { low, high }, maxCost, maxRuntimeSeconds, basis };
}
