import { describe, expect, it } from 'vitest';
import { readCoreConfig } from '../../../shared/config/core.ts';
import { readIdentityConfig } from '../../../shared/config/issuers.ts';
import { readJobsConfig } from '../../../shared/config/jobs.ts';
import { ConfigError, type Environment } from '../../../shared/config/reader.ts';

const ISSUER = {
  name: 'okta',
  kind: 'rfc9068',
  issuer: 'https://issuer.example',
  audience: 'urn:jobgate',
  jwksUri: 'https://issuer.example/jwks',
  algorithms: ['RS256', 'ES256'],
};
const TARGET = {
  kind: 'batch',
  project: 'acme',
  region: 'us-central1',
  stagingBucket: 'stage',
  reader: 'jg-read',
  operator: 'jg-operate',
  signer: 'jg-sign',
  runtimeVersion: '2.3',
};
const PROVIDER =
  '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws';
const CORE = {
  JOBGATE_STAGE: 'prod',
  JOBGATE_VERSION: '0.1.0',
  JOBGATE_PUBLIC_URL: 'https://api.example/prod',
};
const IDENTITY = { ...CORE, JOBGATE_ISSUERS: JSON.stringify([ISSUER]) };
const JOBS = {
  ...CORE,
  JOBGATE_DEPLOYMENT: 'jobgate-prod',
  AWS_REGION: 'eu-west-1',
  JOBGATE_TABLE: 'jobs',
  JOBGATE_TARGETS: JSON.stringify({ analytics: TARGET }),
  JOBGATE_WORKLOAD_IDENTITY_PROVIDER: PROVIDER,
};
const LOCAL = { JOBGATE_STAGE: 'local', JOBGATE_PUBLIC_URL: 'http://127.0.0.1:4566/local' };

/** The faults that a configuration is refused for. */
function faultsOf(read: (environment: Environment) => unknown, environment: Environment): string[] {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('; ');
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('is read for every function', () => {
    expect(readCoreConfig(CORE)).toEqual({
      stage: 'prod',
      version: '0.1.0',
      publicUrl: 'https://api.example/prod',
    });
  });

  it('is read for jobs, with Google’s own addresses', () => {
    const config = readJobsConfig(JOBS);
    expect(config.targets.get('analytics')).toEqual({ name: 'analytics', ...TARGET });
    expect(config.endpoints).toEqual({
      dataproc: null,
      storage: 'https://storage.googleapis.com',
      sts: 'https://sts.googleapis.com',
      iamCredentials: 'https://iamcredentials.googleapis.com',
      aws: null,
    });
  });

  it('names every fault in one message', () => {
    expect(faultsOf(readJobsConfig, { JOBGATE_STAGE: 'Prod', AWS_REGION: 'moon' })).toEqual([
      'JOBGATE_STAGE does not match ^[a-z][a-z0-9-]{1,20}$',
      'JOBGATE_PUBLIC_URL is not set',
      'JOBGATE_VERSION is not set',
      'JOBGATE_DEPLOYMENT is not set',
      String.raw`AWS_REGION does not match ^[a-z]{2}(-[a-z]+)+-\d$`,
      'JOBGATE_TABLE is not set',
      'JOBGATE_TARGETS is not set',
      'JOBGATE_TARGETS must be a JSON object of target name to target',
      'JOBGATE_WORKLOAD_IDENTITY_PROVIDER is not set',
    ]);
  });

  it('names no value of a variable', () => {
    const environment = {
      ...IDENTITY,
      JOBGATE_STAGE: 'hunter2 ',
      JOBGATE_ISSUERS: '{"secret":"hunter2"',
      JOBGATE_PUBLIC_URL: 'ftp://hunter2',
    };
    expect(faultsOf(readIdentityConfig, environment).join('; ')).not.toContain('hunter2');
  });

  it('is refused when the public URL ends in a slash, because links are made from it', () => {
    const environment = { ...CORE, JOBGATE_PUBLIC_URL: 'https://api.example/prod/' };
    expect(faultsOf(readCoreConfig, environment)).toEqual([
      'JOBGATE_PUBLIC_URL must not end in a slash',
    ]);
  });
});

describe('plain http', () => {
  it('is for loopback on the local stage', () => {
    expect(faultsOf(readCoreConfig, { ...CORE, ...LOCAL })).toEqual([]);
  });

  it.each([
    ['loopback on another stage', 'prod', 'http://127.0.0.1:4566'],
    ['another host on the local stage', 'local', 'http://192.168.0.1'],
    ['a name on the local stage', 'local', 'http://localhost:4566'],
    ['a host that begins like loopback', 'local', 'http://127.0.0.1.attacker.example'],
    ['a host behind credentials', 'local', 'http://127.0.0.1@attacker.example'],
    ['another scheme', 'local', 'ftp://127.0.0.1'],
    ['no URL', 'local', 'here'],
  ])('is refused for %s', (_name, stage, url) => {
    const environment = { ...CORE, JOBGATE_STAGE: stage, JOBGATE_PUBLIC_URL: url };
    expect(faultsOf(readCoreConfig, environment)).toEqual([
      'JOBGATE_PUBLIC_URL must be an https URL (http on 127.0.0.1 only on the local stage)',
    ]);
  });

  it('is refused for an issuer’s keys on another stage', () => {
    const issuers = [{ ...ISSUER, jwksUri: 'http://issuer.example/jwks' }];
    const environment = { ...IDENTITY, JOBGATE_ISSUERS: JSON.stringify(issuers) };
    expect(faultsOf(readIdentityConfig, environment)).toEqual([
      'JOBGATE_ISSUERS[0].jwksUri must be an https URL (http on 127.0.0.1 only on the local stage)',
    ]);
  });
});

describe('an endpoint override', () => {
  const overrides = [
    ['JOBGATE_DATAPROC_ENDPOINT', 'dataproc'],
    ['JOBGATE_STORAGE_ENDPOINT', 'storage'],
    ['JOBGATE_STS_ENDPOINT', 'sts'],
    ['JOBGATE_IAM_CREDENTIALS_ENDPOINT', 'iamCredentials'],
    ['AWS_ENDPOINT_URL', 'aws'],
  ] as const;

  it.each(overrides)('%s is refused on any stage but local, even over https', (name) => {
    const environment = { ...JOBS, [name]: 'https://attacker.example' };
    expect(faultsOf(readJobsConfig, environment)).toEqual([
      `${name} may be set on the local stage only`,
    ]);
  });

  it.each(overrides)('%s is used on the local stage, without its slash', (name, key) => {
    const config = readJobsConfig({ ...JOBS, ...LOCAL, [name]: 'http://127.0.0.1:8090/' });
    expect(config.endpoints[key]).toBe('http://127.0.0.1:8090');
  });

  it.each(overrides)('%s must be on loopback when it is plain http', (name) => {
    const environment = { ...JOBS, ...LOCAL, [name]: 'http://attacker.example' };
    expect(faultsOf(readJobsConfig, environment)).toEqual([
      `${name} must be an https URL (http on 127.0.0.1 only on the local stage)`,
    ]);
  });

  it('that is empty is none', () => {
    expect(readJobsConfig({ ...JOBS, AWS_ENDPOINT_URL: '' }).endpoints.aws).toBeNull();
  });
});
