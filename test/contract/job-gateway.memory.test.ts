import { FAR } from '../support/clock.ts';
import { createMemoryGateway } from '../support/memory-gateway.ts';
import { describeJobGateway } from './job-gateway.ts';

describeJobGateway('in memory', () => ({
  gateway: createMemoryGateway(),
  submission: (jobId, labels) => ({
    jobId,
    program: {
      kind: 'pyspark',
      mainUri: 'gs://stage/tidy.py',
      pyFileUris: [],
      args: [],
      properties: {},
      outputUri: `gs://results/tidy/${jobId}/`,
    },
    target: 'analytics',
    submitterAccount: 'jg-submit-tidy',
    runtimeAccount: 'jg-run-tidy',
    maxRuntimeSeconds: 900,
    labels,
    deadline: FAR,
  }),
  reference: (jobId) => ({ jobId, target: 'analytics', account: 'jg-read', deadline: FAR }),
}));
