import type { ClusterTarget, WorkflowTarget } from '../../shared/config/targets.ts';
import type { JobId } from '../../shared/jobs/job.ts';
import type { JobReference, Submission } from '../../shared/jobs/ports.ts';

const PLACE = {
  project: 'local',
  region: 'us-central1',
  stagingBucket: 'jobgate-staging',
  reader: 'jg-read-local',
  operator: 'jg-operate-local',
  signer: 'jg-sign-local',
} as const;

/** The cluster that the local Google of these tests has. */
export const CLUSTER = {
  name: 'nightly',
  stagingBucket: 'jobgate-staging',
  serviceAccount: 'jg-run-preprocess@local.iam.gserviceaccount.com',
  labels: {},
} as const;

/** A target whose jobs run on that cluster. */
export const SHARED: ClusterTarget = {
  name: 'shared',
  kind: 'cluster',
  ...PLACE,
  clusterName: CLUSTER.name,
};

/** A target whose jobs each have a cluster of their own. */
export const EPHEMERAL: WorkflowTarget = {
  name: 'ephemeral',
  kind: 'workflow',
  ...PLACE,
  managedCluster: {
    namePrefix: 'jobgate',
    imageVersion: '2.3',
    masterMachineType: 'n2-standard-4',
    workerMachineType: 'n2-highmem-8',
    workerCount: 3,
    zone: 'us-central1-a',
  },
};

/** A program of the local Google's tests, by its file's name, for a target of these. */
export function toSubmission(
  jobId: JobId,
  target: ClusterTarget | WorkflowTarget,
  program: Submission['program'] = toPyspark('noop.py'),
): Submission {
  return {
    jobId,
    program,
    target: target.name,
    submitterAccount: 'jg-submit-preprocess',
    runtimeAccount: target.kind === 'cluster' ? null : 'jg-run-preprocess',
    maxRuntimeSeconds: 900,
    labels: { 'jg-template': 'preprocess', 'jg-request': 'r-1' },
    deadline: soon(),
  };
}

/** A PySpark program of the local Google's tests. */
export function toPyspark(name: string): Submission['program'] {
  return {
    kind: 'pyspark',
    mainUri: `gs://jobgate-staging/jobs/${name}`,
    pyFileUris: [],
    args: ['--name', 'two words', ''],
    properties: { 'spark.sql.shuffle.partitions': '3' },
    outputUri: 'gs://jobgate-results/out/',
  };
}

/** A look at a job of a target. */
export function toReference(
  jobId: JobId,
  target: ClusterTarget | WorkflowTarget,
  changes: Partial<JobReference> = {},
): JobReference {
  return { jobId, target: target.name, account: 'jg-read-local', deadline: soon(), ...changes };
}

function soon(): Date {
  return new Date(Date.now() + 60_000);
}
