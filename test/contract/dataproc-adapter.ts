import type { BatchTarget, TargetConfig } from '../../shared/config/targets.ts';
import { createDataprocGateway } from '../../shared/dataproc/gateway.ts';
import type { JobGateway } from '../../shared/jobs/ports.ts';
import { createSend } from '../../shared/transport.ts';

const target: BatchTarget = {
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

/** Makes the adapter of the local Google at an address, its target for batches with changes. */
export function makeAdapter(google: string, changes: Partial<BatchTarget> = {}): JobGateway {
  return makeAdapterTo(google, { ...target, ...changes });
}

/** Makes the adapter of the local Google at an address for one target. */
export function makeAdapterTo(google: string, target: TargetConfig): JobGateway {
  const now = () => new Date();
  return createDataprocGateway({
    targets: new Map([[target.name, target]]),
    endpoint: google,
    tokens: () => Promise.resolve('submitter-token'),
    send: createSend(now),
    now,
    sleep: () => Promise.resolve(),
  });
}
