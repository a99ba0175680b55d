import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { parseBatch, toBatch } from '../../../shared/dataproc/batch.ts';
import { BATCH_STATES, toJobState } from '../../../shared/dataproc/states.ts';
import type { JobId } from '../../../shared/jobs/job.ts';
import { FAR } from '../../support/clock.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;

/** Members of a type in the protos that Google ships. */
function readProtos(...path: readonly string[]): unknown {
  const protos = createRequire(import.meta.url).resolve(
    '@google-cloud/dataproc/build/protos/protos.json',
  );
  let node: unknown = JSON.parse(readFileSync(protos, 'utf8'));
  for (const name of path)
    node = (node as { readonly nested: Record<string, unknown> }).nested[name];
  return node;
}

describe('the table of batch states', () => {
  it('holds every state that Google’s protos know and no other', () => {
    const state = readProtos('google', 'cloud', 'dataproc', 'v1', 'Batch', 'State');
    const { values } = state as { readonly values: Readonly<Record<string, number>> };
    expect(Object.keys(BATCH_STATES).sort()).toEqual(Object.keys(values).sort());
  });

  it.each([
    ['PENDING', 'queued'],
    ['RUNNING', 'running'],
    ['CANCELLING', 'cancelling'],
    ['CANCELLED', 'cancelled'],
    ['SUCCEEDED', 'succeeded'],
    ['FAILED', 'failed'],
    ['STATE_UNSPECIFIED', 'queued'],
  ])('maps %s to %s', (state, expected) => {
    expect(toJobState(state)).toBe(expected);
  });

  it.each(['DONE', 'succeeded', '', 'toString', '__proto__', 5, undefined])(
    'has no %j',
    (state) => {
      expect(toJobState(state)).toBeUndefined();
    },
  );
});

describe('a batch that is sent', () => {
  const batch = toBatch(
    {
      jobId: JOB,
      program: {
        kind: 'pyspark',
        mainUri: 'gs://stage/tidy.py',
        pyFileUris: ['gs://stage/rules.py'],
        args: ['--input', 'gs://inputs/open/a.csv'],
        properties: { 'spark.executor.instances': '2' },
        outputUri: 'gs://results/tidy/jg-1/',
      },
      target: 'analytics',
      submitterAccount: 'jg-submit-tidy',
      runtimeAccount: 'jg-run-tidy',
      maxRuntimeSeconds: 900,
      labels: { jobgate: 'v1' },
      deadline: FAR,
    },
    {
      stagingBucket: 'stage',
      runtimeVersion: '2.3',
      runtimeAccountEmail: 'jg-run-tidy@acme.iam.gserviceaccount.com',
    },
  );

  it('runs as the template’s own account for at most the limit', () => {
    expect(batch).toEqual({
      labels: { jobgate: 'v1' },
      pysparkBatch: {
        mainPythonFileUri: 'gs://stage/tidy.py',
        pythonFileUris: ['gs://stage/rules.py'],
        args: ['--input', 'gs://inputs/open/a.csv'],
      },
      runtimeConfig: { version: '2.3', properties: { 'spark.executor.instances': '2' } },
      environmentConfig: {
        executionConfig: {
          serviceAccount: 'jg-run-tidy@acme.iam.gserviceaccount.com',
          ttl: '900s',
          stagingBucket: 'stage',
          authenticationConfig: { userWorkloadAuthenticationType: 'SERVICE_ACCOUNT' },
        },
      },
    });
  });

  it('names only fields that Google’s protos know', () => {
    const v1 = ['google', 'cloud', 'dataproc', 'v1'];
    const known = (type: string): readonly string[] => {
      const { fields } = readProtos(...v1, type) as { readonly fields: object };
      return Object.keys(fields);
    };
    const { executionConfig } = batch.environmentConfig;
    expect(known('Batch')).toEqual(expect.arrayContaining(Object.keys(batch)));
    expect(known('PySparkBatch')).toEqual(
      expect.arrayContaining(Object.keys(batch.pysparkBatch ?? {})),
    );
    expect(known('RuntimeConfig')).toEqual(
      expect.arrayContaining(Object.keys(batch.runtimeConfig ?? {})),
    );
    expect(known('ExecutionConfig')).toEqual(expect.arrayContaining(Object.keys(executionConfig)));
    expect(known('AuthenticationConfig')).toEqual(
      expect.arrayContaining(Object.keys(executionConfig.authenticationConfig)),
    );
  });
});

function parse(batch: Readonly<Record<string, unknown>>): unknown {
  return parseBatch(JOB, new Map(Object.entries(batch)));
}

describe('a batch that is read', () => {
  it.each([
    [{ milliDcuSeconds: '120000', shuffleStorageGbSeconds: '12000' }, [120_000, 12_000]],
    [{ milliDcuSeconds: '120000' }, [120_000, 0]],
  ])('says what it has used: %j', (approximateUsage, [milliDcuSeconds, gbSeconds]) => {
    const batch = { state: 'SUCCEEDED', runtimeInfo: { approximateUsage } };
    expect(parse(batch)).toMatchObject({
      usage: { milliDcuSeconds, shuffleStorageGbSeconds: gbSeconds },
    });
  });

  it.each([
    undefined,
    {},
    { approximateUsage: {} },
    { approximateUsage: { milliDcuSeconds: '-1' } },
    { approximateUsage: { milliDcuSeconds: '1e9' } },
    { approximateUsage: { milliDcuSeconds: 5 } },
  ])('says nothing of its use with %j', (runtimeInfo) => {
    expect(parse({ state: 'RUNNING', runtimeInfo })).not.toHaveProperty('usage');
  });

  it.each([
    [{ milliDcu: '12000', shuffleStorageGb: '1200' }, 12_000, 1_200],
    [{ milliDcu: '12000' }, 12_000, 0],
    [{ milliDcu: '4000', milliDcuPremium: '8000', shuffleStorageGbPremium: '5' }, 12_000, 5],
    [{ milliDcuPremium: '8000' }, 8_000, 0],
  ])('says what it takes up: %j', (currentUsage, milliDcu, shuffleGb) => {
    expect(parse({ state: 'RUNNING', runtimeInfo: { currentUsage } })).toMatchObject({
      size: { milliDcu, shuffleGb },
    });
  });

  it.each([{}, { milliDcu: '-1' }, { milliDcu: 5 }, { shuffleStorageGb: '5' }, 'much', null])(
    'says nothing of what it takes up with %j',
    (currentUsage) => {
      expect(parse({ state: 'RUNNING', runtimeInfo: { currentUsage } })).not.toHaveProperty('size');
    },
  );

  it('names only members of what it takes up that Google’s protos know', () => {
    const path = ['google', 'cloud', 'dataproc', 'v1', 'UsageSnapshot'];
    const { fields } = readProtos(...path) as { readonly fields: object };
    expect(Object.keys(fields)).toEqual(
      expect.arrayContaining([
        'milliDcu',
        'milliDcuPremium',
        'shuffleStorageGb',
        'shuffleStorageGbPremium',
      ]),
    );
  });

  it('names only members of its use that Google’s protos know', () => {
    const path = ['google', 'cloud', 'dataproc', 'v1', 'UsageMetrics'];
    const { fields } = readProtos(...path) as { readonly fields: object };
    expect(Object.keys(fields)).toEqual(
      expect.arrayContaining(['milliDcuSeconds', 'shuffleStorageGbSeconds']),
    );
  });

  it('keeps Dataproc’s own times in its history', () => {
    const batch = {
      state: 'SUCCEEDED',
      stateTime: '2026-01-15T12:02:00Z',
      stateHistory: [
        { state: 'PENDING', stateStartTime: '2026-01-15T12:00:01Z' },
        { state: 'RUNNING', stateStartTime: '2026-01-15T12:00:40Z' },
      ],
      labels: { jobgate: 'v1' },
      runtimeInfo: { outputUri: 'gs://stage/driveroutput' },
      operation: 'projects/acme/regions/us-central1/operations/8a1b',
    };
    expect(parse(batch)).toEqual({
      jobId: JOB,
      state: 'succeeded',
      waitReason: null,
      startedAt: '2026-01-15T12:00:40Z',
      endedAt: '2026-01-15T12:02:00Z',
      history: [
        { state: 'queued', at: '2026-01-15T12:00:01Z' },
        { state: 'running', at: '2026-01-15T12:00:40Z' },
        { state: 'succeeded', at: '2026-01-15T12:02:00Z' },
      ],
      labels: { jobgate: 'v1' },
      driverOutputUri: 'gs://stage/driveroutput',
      error: null,
      handle: 'projects/acme/regions/us-central1/operations/8a1b',
    });
  });

  it('may hold no more than a state', () => {
    expect(parse({ state: 'PENDING' })).toEqual({
      jobId: JOB,
      state: 'queued',
      waitReason: 'provisioning',
      startedAt: null,
      endedAt: null,
      history: [],
      labels: {},
      driverOutputUri: null,
      error: null,
      handle: null,
    });
  });

  it.each([
    'projects/acme/regions/us-central1/operations/../../../secrets',
    'https://attacker.example/v1/operations/1',
    'projects/acme/regions/us-central1/operations/1?x=',
    'projects/acme/regions/us-central1/operations/',
    7,
  ])('has no handle in %j, which is no name', (operation) => {
    expect(parse({ state: 'PENDING', operation })).toMatchObject({ handle: null });
  });

  it.each([{}, { state: 'NEW' }, { state: 7 }])('is none with the state of %j', (batch) => {
    expect(parse(batch)).toBeUndefined();
  });

  it('leaves out history that it cannot read', () => {
    const stateHistory = [null, 'x', { state: 'NEW', stateStartTime: 'x' }, { state: 'PENDING' }];
    expect(parse({ state: 'RUNNING', stateTime: 't', stateHistory })).toMatchObject({
      history: [{ state: 'running', at: 't' }],
    });
  });

  it.each([
    ['Insufficient CPUS quota in region', 'quota'],
    ['Limit of concurrent batches reached', 'quota'],
    ['Starting', 'provisioning'],
    [undefined, 'provisioning'],
  ])('waits, as %j says, for %s', (stateMessage, waitReason) => {
    expect(parse({ state: 'PENDING', stateMessage })).toMatchObject({ waitReason });
    expect(parse({ state: 'RUNNING', stateMessage })).toMatchObject({ waitReason: null });
  });

  it.each([
    [
      "ValueError: invalid literal for int() with base 10: 'x'",
      "ValueError: invalid literal for int() with base 10: 'x'",
    ],
    [
      'Job failed with message [pyspark.errors.exceptions.captured.AnalysisException: no path]. Additional details can be found at:\nhttps://console.cloud.google.com/x\ngcloud dataproc batches wait',
      'pyspark.errors.exceptions.captured.AnalysisException: no path',
    ],
    [
      'Job failed with message [java.lang.OutOfMemoryError: Java heap space]. Additional details can be found at:\nhttps://x',
      'java.lang.OutOfMemoryError: Java heap space',
    ],
    ['SystemExit: 3', 'SystemExit: 3'],
    ['Batch job is FAILED.', 'The driver ended with an error; its log says why.'],
    [undefined, 'The driver ended with an error; its log says why.'],
  ])('that failed with %j says so as %j', (stateMessage, message) => {
    expect(parse({ state: 'FAILED', stateTime: 't', stateMessage })).toMatchObject({
      endedAt: 't',
      error: { class: 'user_code', code: 'driver_failed', message, retryable: false },
    });
  });

  it('cuts an endless message', () => {
    const batch = parse({ state: 'FAILED', stateMessage: `ValueError: ${'x'.repeat(5000)}` });
    expect(batch).toMatchObject({ error: { message: `ValueError: ${'x'.repeat(988)}` } });
  });
});
