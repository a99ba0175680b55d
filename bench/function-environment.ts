import { targets, uploads, workloadIdentityProvider } from '../local/up/accounts.ts';

/** Where a function finds what it calls. */
export interface Endpoints {
  /** Every service of AWS. */
  readonly aws: string;
  /** Dataproc, STS and IAM Credentials. */
  readonly google: string;
}

/** The environment of submit-job and get-job on the stage local, as serverless.yml gives it to them. */
export function makeEnvironment({ aws, google }: Endpoints): Readonly<Record<string, string>> {
  return {
    JOBGATE_STAGE: 'local',
    JOBGATE_VERSION: '0.1.0',
    JOBGATE_PUBLIC_URL: 'https://api.example',
    JOBGATE_CORS_ORIGINS: '',
    JOBGATE_AUDIT_LOG_GROUP: '/jobgate/local/audit',
    JOBGATE_SWITCHES_SECRET: 'jobgate/local/switches',
    JOBGATE_SWITCHES_FRESH_SECONDS: '30',
    JOBGATE_DEPLOYMENT: 'jobgate-local',
    JOBGATE_TABLE: 'jobgate-local-jobs',
    JOBGATE_TARGETS: JSON.stringify(targets),
    JOBGATE_UPLOADS: JSON.stringify(uploads),
    JOBGATE_WORKLOAD_IDENTITY_PROVIDER: workloadIdentityProvider,
    JOBGATE_DATAPROC_ENDPOINT: google,
    JOBGATE_STORAGE_ENDPOINT: google,
    JOBGATE_STS_ENDPOINT: google,
    JOBGATE_IAM_CREDENTIALS_ENDPOINT: google,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: aws,
    AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
    AWS_LAMBDA_FUNCTION_NAME: 'jobgate-local-submit-job',
  };
}
