import type { UploadsConfig } from '../../shared/config/uploads.ts';
import type { BatchTarget, ClusterTarget, WorkflowTarget } from '../../shared/config/targets.ts';

const PLACE = {
  project: 'acme',
  region: 'us-central1',
  stagingBucket: 'stage',
  reader: 'jg-read',
  operator: 'jg-operate',
  signer: 'jg-sign',
} as const;

/** The target `analytics` of a deployment that tests make up. */
export const ANALYTICS: BatchTarget = {
  name: 'analytics',
  kind: 'batch',
  ...PLACE,
  runtimeVersion: '2.3',
};

/** A target whose jobs run on a cluster that is there. */
export const SHARED: ClusterTarget = {
  name: 'shared',
  kind: 'cluster',
  ...PLACE,
  clusterName: 'nightly',
};

/** A target whose jobs each have a cluster of their own. */
export const EPHEMERAL: WorkflowTarget = {
  name: 'ephemeral',
  kind: 'workflow',
  ...PLACE,
  managedCluster: {
    namePrefix: 'jobgate',
    imageVersion: '2.3-debian12',
    masterMachineType: 'n2-standard-4',
    workerMachineType: 'n2-highmem-8',
    workerCount: 3,
    zone: 'us-central1-a',
  },
};

/** Where the callers of that deployment put files of their own. */
export const UPLOADS: UploadsConfig = { bucket: 'drop', target: 'analytics', maxBytes: 1_000_000 };
