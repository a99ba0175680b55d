import { listTemplateNames } from './template-names.ts';

/** What one service account of the local Google may do; prefixes are `gs://bucket/…`. */
export interface ServiceAccount {
  readonly permissions: readonly `dataproc.${string}`[];
  /** E-mails of the accounts that a batch of this one may run as. */
  readonly actAs: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Whether the account may sign for itself. */
  readonly sign: boolean;
  /** Secrets whose versions it may read, and those that it may give new ones. */
  readonly secrets: { readonly access: readonly string[]; readonly manage: readonly string[] };
}

/** The AWS side of the local workload identity pool. */
export const workloadIdentityProvider =
  '//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/jobgate/providers/aws';

/** The local project, its place, and the names that the deployed template knows it by. */
export const google = {
  project: 'local',
  projectNumber: '123456789',
  region: 'us-central1',
  awsAccount: '000000000000',
} as const;

/** The local buckets: inputs, what Dataproc stages and writes, and results. */
export const buckets = {
  inputs: 'jobgate-data',
  staging: 'jobgate-staging',
  results: 'jobgate-results',
} as const;

/** The account that publishes the template files; a person's or a pipeline's in the real cloud. */
export const publisher = toEmail('jg-publish');

/** The templates; each is submitted and run by two accounts of its own. Read once: which there are does not change. */
const templates = listTemplateNames();

const reader = toEmail('jg-read-local');
const operator = toEmail('jg-operate-local');
const signer = toEmail('jg-sign-local');
const nothing = {
  permissions: [],
  actAs: [],
  read: [],
  write: [],
  sign: false,
  secrets: { access: [], manage: [] },
} as const;

/** Every account and exactly what it may do. */
export const accounts: Readonly<Record<string, ServiceAccount>> = {
  ...Object.fromEntries(templates.flatMap(toTemplateAccounts)),
  [reader]: {
    ...nothing,
    permissions: ['dataproc.batches.get', 'dataproc.operations.get'],
    read: [`gs://${buckets.staging}/`, `gs://${buckets.results}/`],
  },
  [operator]: {
    ...nothing,
    permissions: [
      'dataproc.batches.get',
      'dataproc.batches.cancel',
      'dataproc.operations.get',
      'dataproc.operations.cancel',
    ],
  },
  [signer]: { ...nothing, read: [`gs://${buckets.results}/`], sign: true },
  [publisher]: {
    ...nothing,
    read: [`gs://${buckets.staging}/templates/`],
    write: [`gs://${buckets.staging}/templates/`],
  },
};

/** Which accounts a Lambda's role may impersonate; a role that is not here may impersonate none. */
export const impersonation: Readonly<Record<string, readonly string[]>> = {
  'jobgate-local-submit-job': templates.map(toSubmitter),
  'jobgate-local-get-job': [reader],
  'jobgate-local-get-job-logs': [reader],
  'jobgate-local-get-job-result': [reader],
  'jobgate-local-get-job-file': [signer],
};

/** The target that the templates name, as the deployed functions read it. */
export const targets = {
  analytics: {
    kind: 'batch',
    project: google.project,
    region: google.region,
    stagingBucket: buckets.staging,
    reader: 'jg-read-local',
    operator: 'jg-operate-local',
    signer: 'jg-sign-local',
    runtimeVersion: '2.3',
  },
} as const;

function toTemplateAccounts(template: string): readonly [string, ServiceAccount][] {
  const runtime = toEmail(`jg-run-${template}`);
  const submitting: ServiceAccount = {
    ...nothing,
    permissions: ['dataproc.batches.create', 'dataproc.batches.get', 'dataproc.operations.get'],
    actAs: [runtime],
  };
  const running: ServiceAccount = {
    ...nothing,
    read: [`gs://${buckets.inputs}/`],
    write: [`gs://${buckets.results}/${template}/`],
  };
  return [
    [toSubmitter(template), submitting],
    [runtime, running],
  ];
}

function toSubmitter(template: string): string {
  return toEmail(`jg-submit-${template}`);
}

function toEmail(accountId: string): string {
  return `${accountId}@local.iam.gserviceaccount.com`;
}
