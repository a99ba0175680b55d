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

/** The local buckets: inputs, what Dataproc stages and writes, results, and files of callers. */
export const buckets = {
  inputs: 'jobgate-data',
  staging: 'jobgate-staging',
  results: 'jobgate-results',
  uploads: 'jobgate-uploads',
} as const;

/** Below it lie the areas of all callers. */
const uploadsPrefix = `gs://${buckets.uploads}/uploads/`;

/** Templates whose programs are their callers' own: they read what callers put, and nothing else. */
const sandboxes = ['run-script'];

/** The account that publishes the template files; a person's or a pipeline's in the real cloud. */
export const publisher = toEmail('jg-publish');

/** The templates; each is submitted and run by two accounts of its own. Read once: which there are does not change. */
const templates = listTemplateNames();

/** The cluster that is there from the start, and the account that every job on it runs as. */
export const cluster = {
  name: 'jobgate',
  stagingBucket: buckets.staging,
  serviceAccount: toEmail('jg-cluster'),
  labels: {},
} as const;

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

/** What finds jobs on clusters and workflows, whose names are Dataproc's own. */
const finding = [
  'dataproc.jobs.get',
  'dataproc.jobs.list',
  'dataproc.operations.get',
  'dataproc.operations.list',
] as const;

/** Every account and exactly what it may do. */
export const accounts: Readonly<Record<string, ServiceAccount>> = {
  ...Object.fromEntries(templates.flatMap(toTemplateAccounts)),
  ...makeClusterAccounts(),
  [reader]: {
    ...nothing,
    permissions: ['dataproc.batches.get', 'dataproc.batches.list', ...finding],
    read: [`gs://${buckets.staging}/`, `gs://${buckets.results}/`],
  },
  [operator]: {
    ...nothing,
    permissions: [
      'dataproc.batches.get',
      'dataproc.batches.cancel',
      'dataproc.jobs.cancel',
      'dataproc.operations.cancel',
      ...finding,
    ],
  },
  [signer]: {
    ...nothing,
    read: [`gs://${buckets.results}/`],
    write: [uploadsPrefix],
    sign: true,
  },
  [publisher]: {
    ...nothing,
    read: [`gs://${buckets.staging}/templates/`],
    write: [`gs://${buckets.staging}/templates/`],
  },
};

/** Which accounts a Lambda's role may impersonate; a role that is not here may impersonate none. */
export const impersonation: Readonly<Record<string, readonly string[]>> = {
  'jobgate-local-submit-job': [...templates, 'on-cluster', 'on-workflow'].map(toSubmitter),
  'jobgate-local-get-job': [reader],
  'jobgate-local-cancel-job': [operator],
  'jobgate-local-get-job-logs': [reader],
  'jobgate-local-get-job-result': [reader],
  'jobgate-local-get-job-file': [signer],
  'jobgate-local-sweep-jobs': [reader, operator],
  'jobgate-local-create-upload': [signer],
};

const place = {
  project: google.project,
  region: google.region,
  stagingBucket: buckets.staging,
  reader: 'jg-read-local',
  operator: 'jg-operate-local',
  signer: 'jg-sign-local',
} as const;

/** A target of each kind, as the deployed functions read them; the templates name the first. */
export const targets = {
  analytics: { kind: 'batch', ...place, runtimeVersion: '2.3' },
  shared: { kind: 'cluster', ...place, clusterName: cluster.name },
  ephemeral: {
    kind: 'workflow',
    ...place,
    managedCluster: {
      namePrefix: 'jobgate',
      imageVersion: '2.3',
      masterMachineType: 'n2-standard-4',
      workerMachineType: 'n2-standard-4',
      workerCount: 2,
    },
  },
} as const;

/** Where callers put files of their own, as the deployed functions read it. */
export const uploads = { bucket: buckets.uploads, target: 'analytics' } as const;

/** Accounts for templates that run on a cluster: who submits them, and whom they run as. */
function makeClusterAccounts(): Readonly<Record<string, ServiceAccount>> {
  const read = [`gs://${buckets.inputs}/`];
  const running: ServiceAccount = { ...nothing, read, write: [`gs://${buckets.results}/`] };
  const runtime = toEmail('jg-run-on-workflow');
  return {
    [cluster.serviceAccount]: running,
    [runtime]: running,
    [toSubmitter('on-cluster')]: {
      ...nothing,
      permissions: ['dataproc.jobs.create', 'dataproc.clusters.use', 'dataproc.jobs.get'],
    },
    [toSubmitter('on-workflow')]: {
      ...nothing,
      permissions: ['dataproc.workflowTemplates.instantiateInline', ...finding],
      actAs: [runtime],
    },
  };
}

function toTemplateAccounts(template: string): readonly [string, ServiceAccount][] {
  const runtime = toEmail(`jg-run-${template}`);
  const submitting: ServiceAccount = {
    ...nothing,
    permissions: ['dataproc.batches.create', 'dataproc.batches.get', 'dataproc.operations.get'],
    actAs: [runtime],
  };
  const running: ServiceAccount = {
    ...nothing,
    read: [uploadsPrefix, ...(sandboxes.includes(template) ? [] : [`gs://${buckets.inputs}/`])],
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
