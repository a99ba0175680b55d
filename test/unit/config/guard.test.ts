import { describe, expect, it } from 'vitest';
import { readGuardConfig } from '../../../shared/config/guard.ts';
import { CORE_ENVIRONMENT } from '../../support/environment.ts';

const ENVIRONMENT = {
  ...CORE_ENVIRONMENT,
  AWS_REGION: 'eu-west-1',
  JOBGATE_AUDIT_LOG_GROUP: '/jobgate/prod/audit',
  JOBGATE_SWITCHES_SECRET: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:switches-a1B2c3',
  JOBGATE_SWITCHES_FRESH_SECONDS: '30',
};

describe('the configuration of the guard', () => {
  it('is read from the environment', () => {
    expect(readGuardConfig(ENVIRONMENT)).toMatchObject({
      region: 'eu-west-1',
      awsEndpoint: null,
      auditLogGroup: '/jobgate/prod/audit',
      switchesSecret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:switches-a1B2c3',
      switchesFreshSeconds: 30,
    });
  });

  it.each(['1', '9', '10', '29', '30'])('serves switches for %s seconds', (text) => {
    const environment = { ...ENVIRONMENT, JOBGATE_SWITCHES_FRESH_SECONDS: text };
    expect(readGuardConfig(environment).switchesFreshSeconds).toBe(Number(text));
  });

  it.each([
    ['JOBGATE_SWITCHES_FRESH_SECONDS', '0'],
    ['JOBGATE_SWITCHES_FRESH_SECONDS', '31'],
    ['JOBGATE_SWITCHES_FRESH_SECONDS', '1.5'],
    ['JOBGATE_SWITCHES_FRESH_SECONDS', ''],
    ['JOBGATE_SWITCHES_SECRET', 'two words'],
    ['JOBGATE_AUDIT_LOG_GROUP', 'a:b'],
    ['AWS_REGION', 'moon'],
    ['AWS_ENDPOINT_URL', 'http://127.0.0.1:4566'],
    ['AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', 'https://logs.example'],
  ])('is faulty with %s %j', (name, value) => {
    expect(() => readGuardConfig({ ...ENVIRONMENT, [name]: value })).toThrow(name);
  });
});
