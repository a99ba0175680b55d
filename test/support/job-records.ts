import { randomUUID } from 'node:crypto';
import { deriveJobId, type JobId, type JobRecord } from '../../shared/jobs/job.ts';
import { ANALYST } from './callers.ts';
import { START } from './clock.ts';
import { TIDY } from './templates.ts';

/** Makes a job id that nothing else has. */
export function makeJobId(): JobId {
  const { issuer, subject } = ANALYST;
  return deriveJobId({
    deployment: 'jobgate-test',
    issuer,
    subject,
    actor: null,
    template: 'tidy',
    idempotencyKey: randomUUID(),
  });
}

/** Makes the record of a queued job of the analyst. */
export function makeRecord(changes: Partial<JobRecord> = {}): JobRecord {
  const id = changes.id ?? makeJobId();
  return {
    id,
    version: 1,
    state: 'queued',
    reason: null,
    waitReason: 'provisioning',
    template: TIDY.name,
    templateVersion: '1.2.0',
    templateDigest: TIDY.digest,
    submittedBy: {
      issuer: ANALYST.issuer,
      subject: ANALYST.subject,
      client: ANALYST.client,
      actor: null,
    },
    submittedAt: START,
    startedAt: null,
    endedAt: null,
    checkedAt: START,
    history: [{ state: 'queued', at: START }],
    parameters: { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: '' },
    labels: {},
    correlationId: 'correlation-1',
    retryOf: null,
    fingerprint: 'f'.repeat(64),
    target: { name: 'analytics', kind: 'batch', project: 'acme', region: 'us-central1' },
    submitterAccount: 'jg-submit-tidy',
    runtimeAccount: 'jg-run-tidy',
    maxRuntimeSeconds: 1800,
    cost: null,
    usage: null,
    outputUri: `gs://results/tidy/${id}/`,
    driverOutputUri: null,
    handle: null,
    openStartAt: null,
    error: null,
    holds: [],
    announced: [],
    cancelReason: null,
    missingSince: null,
    outbox: [],
    expiresAtSeconds: null,
    ...changes,
  };
}
