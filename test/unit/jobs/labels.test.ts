import { describe, expect, it } from 'vitest';
import { toUpstreamLabels } from '../../../shared/jobs/labels.ts';
import { makeRecord } from '../../support/job-records.ts';

describe('the labels of a batch', () => {
  it('name scheme, deployment, caller, template, version, correlation and request', () => {
    expect(toUpstreamLabels(makeRecord(), 'jobgate-prod')).toEqual({
      jobgate: 'v1',
      'jg-deployment': 'jobgate-prod',
      'jg-caller': 'c-96a3dc2fa75d03dcab7c70c9dbdf1444',
      'jg-template': 'tidy',
      'jg-version': 'v1-2-0',
      'jg-correlation': 'c-correlation-1',
      'jg-request': `r-${'f'.repeat(40)}`,
    });
  });

  it('begin with a letter and have at most 63 characters that Dataproc takes', () => {
    const record = makeRecord({
      correlationId: '0'.repeat(60),
      templateVersion: `999999999.999999999.999999999-${'x'.repeat(60)}`,
      submittedBy: { issuer: 'i'.repeat(500), subject: 'Ünïcode "s"', client: 'c', actor: null },
    });
    const labels = Object.entries(toUpstreamLabels(record, `j${'x'.repeat(40)}`)).flat();
    expect(labels.filter((text) => !/^[a-z][a-z0-9_-]{0,62}$/.test(text))).toEqual([]);
  });

  it('tell apart callers whose issuer and subject meet at another place', () => {
    const label = (issuer: string, subject: string): string | undefined =>
      toUpstreamLabels(
        makeRecord({ submittedBy: { issuer, subject, client: 'c', actor: null } }),
        'jobgate-prod',
      )['jg-caller'];
    expect(label('ab', 'c')).not.toBe(label('a', 'bc'));
  });
});
