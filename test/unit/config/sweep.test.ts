import { describe, expect, it } from 'vitest';
import { readAuditConfig } from '../../../shared/config/guard.ts';
import { ConfigError, type Environment } from '../../../shared/config/reader.ts';
import { readSweepConfig } from '../../../shared/config/sweep.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';

const ENVIRONMENT: Environment = {
  ...CORE_ENVIRONMENT,
  AWS_REGION: 'eu-west-1',
  JOBGATE_DEPLOYMENT: 'jobgate-prod',
  JOBGATE_TABLE: 'jobgate-prod-jobs',
  JOBGATE_TARGETS: JSON.stringify({
    analytics: {
      kind: 'batch',
      project: 'acme',
      region: 'us-central1',
      stagingBucket: 'stage',
      reader: 'jg-read',
      operator: 'jg-operate',
      signer: 'jg-sign',
      runtimeVersion: '2.3',
    },
  }),
  JOBGATE_WORKLOAD_IDENTITY_PROVIDER:
    '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws',
  JOBGATE_AUDIT_LOG_GROUP: '/jobgate/prod/audit',
  JOBGATE_EVENT_BUS: 'jobgate-prod',
};

describe('the configuration of the sweep', () => {
  it('names the bus beside what touches jobs', () => {
    const config = readSweepConfig(ENVIRONMENT);
    expect(config).toMatchObject({ eventBus: 'jobgate-prod', table: 'jobgate-prod-jobs' });
    expect([...config.targets.keys()]).toEqual(['analytics']);
  });

  it.each([undefined, '', 'a bus', 'x'.repeat(257), 'arn:aws:events:eu-west-1:1:event-bus/b'])(
    'refuses the bus %j',
    (bus) => {
      const read = () => readSweepConfig({ ...ENVIRONMENT, JOBGATE_EVENT_BUS: bus });
      expect(read).toThrow(ConfigError);
      expect(read).toThrow('JOBGATE_EVENT_BUS');
    },
  );

  it('names every fault in one message', () => {
    expect(() =>
      readSweepConfig({ ...ENVIRONMENT, JOBGATE_TABLE: '', AWS_REGION: 'moon' }),
    ).toThrow(/AWS_REGION.*JOBGATE_TABLE/);
  });

  it('needs no switches to write the audit', () => {
    expect(readAuditConfig(ENVIRONMENT)).toMatchObject({ auditLogGroup: '/jobgate/prod/audit' });
  });
});
