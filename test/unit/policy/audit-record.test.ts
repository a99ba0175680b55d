import { describe, expect, it } from 'vitest';
import { AUDIT_KEYS, toAuditRecord } from '../../../shared/policy/audit-record.ts';
import { ANALYST } from '../../support/callers.ts';
import { START } from '../../support/clock.ts';

const REQUEST = {
  action: 'get-job-file',
  requestId: 'request-1',
  extendedRequestId: 'extended-1',
  correlationId: 'correlation-1',
  sourceIp: '192.0.2.10',
  httpMethod: 'GET',
  resourcePath: '/v1/jobs/{job}/files/{path+}',
  caller: { ...ANALYST, actor: 'agent-7' },
};
const STAMP = { id: 'decision-1', at: new Date(START) };

describe('an audit record', () => {
  it('names the person and who acts for it', () => {
    const record = toAuditRecord(REQUEST, { decision: 'allow', rule: 'own-job' }, STAMP);
    expect(record).toMatchObject({
      caller: 'ana',
      actor: 'agent-7',
      client: 'notebook',
      issuer: 'https://issuer.example',
      tokenId: 'token-1',
    });
  });

  it('has null for a caller that nobody knows', () => {
    const request = { ...REQUEST, caller: undefined };
    const denial = { decision: 'deny', code: 'invalid_token', rule: 'caller' } as const;
    expect(toAuditRecord(request, denial, STAMP)).toMatchObject({
      caller: null,
      issuer: null,
      client: null,
      actor: null,
      tokenId: null,
    });
  });

  it('is an event when nobody asked for it', () => {
    const about = { template: 'tidy', templateVersion: '1.2.0', jobId: 'jg-1' };
    const event = { decision: 'event', rule: 'observed', code: 'driver_failed', ...about } as const;
    const request = { ...REQUEST, caller: { ...REQUEST.caller, tokenId: null } };
    expect(toAuditRecord(request, event, STAMP)).toMatchObject({
      decision: 'event',
      rule: 'observed',
      code: 'driver_failed',
      caller: 'ana',
      tokenId: null,
      ...about,
    });
  });

  it('has no other keys than the schema says', () => {
    const allow = {
      decision: 'allow',
      rule: 'r',
      template: 't',
      templateVersion: '1',
      jobId: 'jg-1',
      path: 'p',
      uploads: ['gs://drop/uploads/a'],
      replayed: true,
    } as const;
    const deny = { decision: 'deny', rule: 'r', code: 'job_not_found', missing: [] } as const;
    const keys = [allow, deny].flatMap((decided) =>
      Object.keys(toAuditRecord(REQUEST, decided, STAMP)),
    );
    expect([...new Set(keys)].sort()).toEqual([...AUDIT_KEYS].sort());
  });

  it('is bounded, whatever the request holds', () => {
    const long = 'x'.repeat(100_000);
    const caller = { ...ANALYST, subject: long, client: long, issuer: long, tokenId: long };
    const request = { ...REQUEST, caller, resourcePath: long, sourceIp: long, requestId: long };
    const missing = Array.from({ length: 1_000 }, () => long);
    const denial = { decision: 'deny', code: 'job_not_found', rule: long, missing } as const;
    const record = toAuditRecord(request, denial, STAMP);
    expect(record.caller).toBe(`${'x'.repeat(1_024)}…`);
    expect(record.missing).toHaveLength(20);
    expect(JSON.stringify(record).length).toBeLessThan(32_000);
    const allow = { decision: 'allow', rule: 'r', uploads: missing } as const;
    const { uploads } = toAuditRecord(REQUEST, allow, STAMP);
    expect(uploads).toEqual(Array.from({ length: 20 }, () => `${'x'.repeat(1_024)}…`));
  });

  it('holds no half of a character, cut or sent', () => {
    const request = { ...REQUEST, requestId: `x${'😀'.repeat(600)}`, sourceIp: '\ud800' };
    const record = toAuditRecord(request, { decision: 'allow', rule: 'r' }, STAMP);
    expect(record).toMatchObject({ sourceIp: '\ufffd' });
    expect(record.requestId).toBe(`x${'😀'.repeat(511)}\ufffd…`);
  });
});
