import { randomUUID } from 'node:crypto';
import {
  toAuditRecord,
  type AuditedRequest,
  type AuditRecord,
  type Decided,
} from '../policy/audit-record.ts';
import type { Guard } from '../policy/guard.ts';
import { findGround, toProblem } from '../problem.ts';
import type { ApiRequest } from './request.ts';
import type { OperationId } from './routes.ts';

/** Records what is decided about one request. */
export interface AuditTrail {
  /** Makes the record of a decision, and writes it nowhere. */
  readonly describe: (decided: Decided) => AuditRecord;
  /** Writes the record of a decision durably. @throws Problem `upstream_unavailable` when it cannot. */
  readonly record: (decided: Decided) => Promise<void>;
}

/** What a trail needs from outside. */
export interface AuditTrailOptions {
  readonly operation: OperationId;
  readonly guard: Guard;
  readonly now: () => Date;
  readonly deadline: Date;
}

/** Makes the trail of a request. */
export function createAuditTrail(request: ApiRequest, options: AuditTrailOptions): AuditTrail {
  const {
    requestId,
    extendedRequestId,
    correlationId,
    sourceIp,
    httpMethod,
    resourcePath,
    caller,
  } = request;
  const audited: AuditedRequest = {
    action: options.operation,
    requestId,
    extendedRequestId,
    correlationId,
    sourceIp,
    httpMethod,
    resourcePath,
    caller,
  };
  const describe = (decided: Decided): AuditRecord =>
    toAuditRecord(audited, decided, { id: randomUUID(), at: options.now() });
  return {
    describe,
    record: (decided) => options.guard.record(describe(decided), options.deadline),
  };
}

/**
 * Runs work whose refusals of a caller are recorded before they go on; anything else that is thrown goes on as it is.
 * @throws Problem `upstream_unavailable` instead of a refusal that could not be recorded.
 */
export async function recordDenials<T>(trail: AuditTrail, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = toProblem(error);
    const ground = findGround(problem);
    if (ground !== undefined) {
      await trail.record({ decision: 'deny', code: problem.code, ...ground });
    }
    throw error;
  }
}
