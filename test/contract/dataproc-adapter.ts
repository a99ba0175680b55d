import type { BatchTarget, TargetConfig } from '../../shared/config/targets.ts';
import { createDataprocGateway } from '../../shared/dataproc/gateway.ts';
import type { JobGateway } from '../../shared/jobs/ports.ts';
import { createSend, type Send } from '../../shared/transport.ts';

/** The target for batches. */
export const ANALYTICS: BatchTarget = {
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
  return makeAdapterTo(google, { ...ANALYTICS, ...changes });
}

/** Makes the adapter of the local Google at an address for one target, its transport changed. */
export function makeAdapterTo(
  google: string,
  target: TargetConfig,
  change: (send: Send) => Send = (send) => send,
): JobGateway {
  const now = () => new Date();
  return createDataprocGateway({
    targets: new Map([[target.name, target]]),
    endpoint: google,
    tokens: () => Promise.resolve('submitter-token'),
    send: change(createSend(now)),
    now,
    sleep: () => Promise.resolve(),
  });
}
