import { google, targets, workloadIdentityProvider } from '../../../local/up/accounts.ts';
import type { Environment } from '../../../shared/config/reader.ts';
import type { TargetKind } from '../../../shared/config/targets.ts';
import type { Template, TemplateName } from '../../../shared/templates/template.ts';
import { compileValidator, TIDY, TIDY_PARAMETERS } from '../templates.ts';
import { CLOUD, toAccessKey } from './cloud.ts';

/** The deployment whose functions are played. */
export const DEPLOYMENT = 'jobgate-local';

/** The environment that a function is deployed with. */
export function toEnvironment(functionName: string, kinds: readonly TargetKind[]): Environment {
  const deployed = Object.entries(targets).filter(([, { kind }]) => kinds.includes(kind));
  return {
    JOBGATE_STAGE: 'local',
    JOBGATE_VERSION: '0.1.0',
    JOBGATE_PUBLIC_URL: 'https://api.example',
    JOBGATE_CORS_ORIGINS: '',
    JOBGATE_DEPLOYMENT: DEPLOYMENT,
    JOBGATE_TABLE: 'jobs',
    JOBGATE_TARGETS: JSON.stringify(Object.fromEntries(deployed)),
    JOBGATE_WORKLOAD_IDENTITY_PROVIDER: workloadIdentityProvider,
    JOBGATE_DATAPROC_ENDPOINT: CLOUD.google,
    JOBGATE_STS_ENDPOINT: CLOUD.google,
    JOBGATE_IAM_CREDENTIALS_ENDPOINT: CLOUD.google,
    JOBGATE_STORAGE_ENDPOINT: CLOUD.storage,
    JOBGATE_AUDIT_LOG_GROUP: 'audit',
    JOBGATE_EVENT_BUS: 'jobgate-local',
    JOBGATE_SWITCHES_SECRET: 'switches',
    JOBGATE_SWITCHES_FRESH_SECONDS: '10',
    AWS_ENDPOINT_URL: CLOUD.aws,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: toAccessKey(functionName),
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
  };
}

/** Accounts of the local stack that may start jobs on its targets. */
const ACCOUNTS = {
  batch: {
    target: 'analytics',
    submitter: 'jg-submit-preprocess',
    runtimeAccount: 'jg-run-preprocess',
  },
  cluster: { target: 'shared', submitter: 'jg-submit-on-cluster', runtimeAccount: null },
  workflow: {
    target: 'ephemeral',
    submitter: 'jg-submit-on-workflow',
    runtimeAccount: 'jg-run-on-workflow',
  },
} as const satisfies Record<TargetKind, object>;

/** A template that runs on the target of a kind. */
export function makeTemplate(kind: TargetKind, changes: Partial<Template> = {}): Template {
  return {
    ...TIDY,
    name: `tidy-${kind}` as TemplateName,
    ...ACCOUNTS[kind],
    output: `gs://jobgate-results/tidy-${kind}/`,
    writes: [`gs://jobgate-results/tidy-${kind}/`],
    ...changes,
  };
}

/** Checks the parameters of every template that {@link makeTemplate} makes. */
export const PARAMETERS_VALIDATOR = compileValidator(TIDY_PARAMETERS);

/** Where all of it runs. */
export const PLACE = { project: google.project, region: google.region } as const;
