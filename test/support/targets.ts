import type { TargetConfig } from '../../shared/config/jobs.ts';

/** The target `analytics` of a deployment that tests make up. */
export const ANALYTICS: TargetConfig = {
  name: 'analytics',
  kind: 'batch',
  project: 'acme',
  region: 'us-central1',
  stagingBucket: 'stage',
  reader: 'jg-read',
  operator: 'jg-operate',
  signer: 'jg-sign',
  runtimeVersion: '2.3',
};
