import { toAuditRecord, type AuditRecord } from '../../shared/policy/audit-record.ts';
import { ANALYST } from './callers.ts';
import { START } from './clock.ts';

/** Makes the record of the analyst's permission to submit a job. */
export function makeAuditRecord(changes: Partial<AuditRecord> = {}): AuditRecord {
  const request = {
    action: 'submit-job',
    requestId: 'request-1',
    extendedRequestId: 'extended-1',
    correlationId: 'correlation-1',
    sourceIp: '192.0.2.10',
    httpMethod: 'POST',
    resourcePath: '/v1/jobs',
    caller: ANALYST,
  };
  const decided = { decision: 'allow', rule: 'tidy.allow[0]', template: 'tidy' } as const;
  const stamp = { id: 'decision-1', at: new Date(START) };
  return { ...toAuditRecord(request, decided, stamp), ...changes };
}
