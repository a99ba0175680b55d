import { describe, expect, it } from 'vitest';
import { isWorkflowOf, parseWorkflow, toWorkflow } from '../../../shared/dataproc/workflow.ts';
import type { JobId } from '../../../shared/jobs/job.ts';
import { makeSubmission } from '../../support/submissions.ts';
import { EPHEMERAL } from '../../support/targets.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;
const NAME = 'projects/acme/regions/us-central1/operations/8a1b';
const PLACE = {
  managedCluster: EPHEMERAL.managedCluster,
  stagingBucket: 'stage',
  runtimeAccountEmail: 'jg-run-tidy@acme.iam.gserviceaccount.com',
};

describe('a workflow that is sent', () => {
  it('is one step on a cluster that runs as the template’s own account', () => {
    expect(toWorkflow(makeSubmission(JOB), PLACE)).toEqual({
      id: JOB,
      labels: { jobgate: 'v1', 'jg-request': 'r-1', 'jg-job': JOB },
      placement: {
        managedCluster: {
          clusterName: 'jobgate',
          config: {
            configBucket: 'stage',
            gceClusterConfig: {
              zoneUri: 'us-central1-a',
              serviceAccount: 'jg-run-tidy@acme.iam.gserviceaccount.com',
              serviceAccountScopes: ['https://www.googleapis.com/auth/cloud-platform'],
            },
            masterConfig: { numInstances: 1, machineTypeUri: 'n2-standard-4' },
            workerConfig: { numInstances: 3, machineTypeUri: 'n2-highmem-8' },
            softwareConfig: { imageVersion: '2.3-debian12' },
          },
        },
      },
      jobs: [
        {
          stepId: JOB,
          pysparkJob: {
            mainPythonFileUri: 'gs://stage/tidy.py',
            pythonFileUris: ['gs://stage/rules.py'],
            args: ['--input', 'gs://inputs/open/a.csv'],
            properties: { 'spark.executor.instances': '2' },
          },
        },
      ],
      dagTimeout: '900s',
    });
  });

  it.each([
    [1, '600s'],
    [600, '600s'],
    [86_400, '86400s'],
    [1_209_600, '86400s'],
  ])('lasts, when %i seconds are wanted, %s', (maxRuntimeSeconds, dagTimeout) => {
    expect(toWorkflow(makeSubmission(JOB, { maxRuntimeSeconds }), PLACE)).toMatchObject({
      dagTimeout,
    });
  });
});

const METADATA = {
  state: 'RUNNING',
  startTime: '2026-01-15T12:00:01Z',
  graph: { nodes: [{ stepId: JOB, state: 'RUNNABLE' }] },
};

function parse(operation: object): unknown {
  return parseWorkflow(JOB, new Map(Object.entries(operation)), { jobgate: 'v1' });
}

describe('a workflow that is read', () => {
  it('is queued while its cluster is being made', () => {
    expect(parse({ name: NAME, metadata: METADATA })).toEqual({
      stepJobId: null,
      limit: { seconds: null, startedAt: null, stoppedAt: null },
      upstream: {
        jobId: JOB,
        state: 'queued',
        waitReason: 'provisioning',
        startedAt: null,
        endedAt: null,
        history: [{ state: 'queued', at: '2026-01-15T12:00:01Z' }],
        labels: { jobgate: 'v1' },
        driverOutputUri: null,
        error: null,
        handle: NAME,
      },
    });
  });

  it('names the job of its step', () => {
    const graph = { nodes: [{ stepId: 'other' }, { stepId: JOB, jobId: `${JOB}-x7` }] };
    const metadata = { ...METADATA, graph };
    expect(parse({ name: NAME, metadata })).toMatchObject({ stepJobId: `${JOB}-x7` });
    const nodes = [{ stepId: JOB, jobId: '../secrets' }];
    expect(parse({ metadata: { ...METADATA, graph: { nodes } } })).toMatchObject({
      stepJobId: null,
    });
  });

  it.each([
    [{ code: 1, message: 'x' }, 'cancelled', null],
    [{ code: 8, message: 'x' }, 'failed', { class: 'platform', code: 'quota', retryable: true }],
    [
      { code: 13, message: 'projects/acme/secret-plan' },
      'failed',
      { class: 'platform', code: 'workflow_failed', retryable: false },
    ],
  ])('that ended without a job with %j is %s', (error, state, expected) => {
    const metadata = { ...METADATA, state: 'DONE', endTime: '2026-01-15T12:02:00Z' };
    const workflow = parse({ name: NAME, done: true, error, metadata });
    expect(workflow).toMatchObject({
      upstream: {
        state,
        waitReason: null,
        endedAt: '2026-01-15T12:02:00Z',
        error: expected,
        history: [{ state: 'queued' }, { state, at: '2026-01-15T12:02:00Z' }],
      },
    });
    expect(JSON.stringify(workflow)).not.toContain('secret-plan');
  });

  it.each([{}, { metadata: {} }, { metadata: { state: 'NEW' } }, { metadata: 7 }])(
    'is none with %j',
    (operation) => {
      expect(parse(operation)).toBeUndefined();
    },
  );

  it.each([
    [{ metadata: METADATA }, true],
    [{ metadata: { operationType: 'CREATE', clusterName: JOB } }, false],
    [{ metadata: { graph: { nodes: [{ stepId: 'other' }] } } }, false],
    [{ metadata: { graph: { nodes: 'x' } } }, false],
    [{}, false],
  ])('%j is the workflow of the job: %s', (operation, expected) => {
    expect(isWorkflowOf(JOB, new Map(Object.entries(operation)))).toBe(expected);
  });
});
