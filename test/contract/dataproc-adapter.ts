import type { TargetConfig } from '../../shared/config/jobs.ts';
import { createDataprocGateway } from '../../shared/dataproc/gateway.ts';
import type { JobGateway } from '../../shared/jobs/ports.ts';
import { createSend } from '../../shared/transport.ts';

const target: TargetConfig = {
  name: 'analytics',
  kind: 'batch',
  project: 'local',
  region: 'us-central1',
  stagingBucket: 'jobgate-staging',
  reader: 'jg-read-local',
  operator: 'jg-operate-local',
  signer: 'jg-sign-local',
  runtimeVersion: '2.3',
};

/** Makes the adapter of the local Google at an address, its target with changes. */
export function makeAdapter(google: string, changes: Partial<TargetConfig> = {}): JobGateway {
  const now = () => new Date();
  return createDataprocGateway({
    targets: new Map([['analytics', { ...target, ...changes }]]),
    endpoint: google,
    tokens: () => Promise.resolve('submitter-token'),
    send: createSend(now),
    now,
    sleep: () => Promise.resolve(),
  });
}
