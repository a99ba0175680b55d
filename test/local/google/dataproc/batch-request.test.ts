import { describe, expect, it } from 'vitest';
import { parseBatchRequest } from '../../../../local/google/dataproc/batch-request.ts';
import type { PlainMessage } from '../../../../local/google/api/transcoding.ts';
import { sampleRequest } from './sample-batch.ts';

function withExecution(executionConfig: PlainMessage): PlainMessage {
  return sampleRequest({ environmentConfig: { executionConfig } });
}

function withProperties(properties: PlainMessage): PlainMessage {
  return sampleRequest({ runtimeConfig: { properties } });
}

function withWork(work: PlainMessage): PlainMessage {
  return sampleRequest({ pysparkBatch: { mainPythonFileUri: 'gs://code/main.py', ...work } });
}

describe('a request to create a batch', () => {
  it('gets the defaults of Dataproc', () => {
    const request = parseBatchRequest(sampleRequest());
    expect(request.runtimeVersion).toBe('2.3');
    expect(request.ttlSeconds).toBe(14_400);
    expect(request.serviceAccount).toBeUndefined();
  });

  it('keeps what was asked for and drops fields that are output only', () => {
    const request = parseBatchRequest(
      sampleRequest({ labels: { team: 'a' }, state: 'SUCCEEDED', uuid: 'mine', name: 'mine' }),
    );
    expect(request.asked).toEqual({
      pysparkBatch: { mainPythonFileUri: 'gs://code/main.py' },
      labels: { team: 'a' },
    });
  });

  it('passes arguments on as they are', () => {
    const args = ['--name', 'a b', '$(id)', '', '; rm -rf /'];
    expect(parseBatchRequest(withWork({ args })).work).toMatchObject({ args });
  });

  it.each([
    ['sparkBatch', { mainJarFileUri: 'gs://code/a.jar' }, { kind: 'spark' }],
    [
      'sparkSqlBatch',
      { queryFileUri: 'gs://code/a.sql', queryVariables: { name: 'x' } },
      {
        kind: 'sparkSql',
        queries: { kind: 'file', uri: 'gs://code/a.sql' },
        variables: { name: 'x' },
      },
    ],
  ])('may run a %s', (field, work, parsed) => {
    const request = { parent: 'p', batchId: 'sample-1', batch: { [field]: work } };
    expect(parseBatchRequest(request).work).toMatchObject(parsed);
  });

  it.each([
    ['an id in capitals', sampleRequest({}, { batchId: 'Sample' }), 'Batch id "Sample"'],
    ['an id of 3 characters', sampleRequest({}, { batchId: 'abc' }), 'Batch id "abc"'],
    ['a request id of 41', sampleRequest({}, { requestId: 'a'.repeat(41) }), 'requestId must be'],
    ['no batch', { parent: 'p', batchId: 'sample-1' }, 'Batch is required.'],
    ['two kinds of work', sampleRequest({ sparkBatch: {} }), 'Exactly one of'],
    [
      'a main file that is not Python',
      withWork({ mainPythonFileUri: 'gs://code/main.jar' }),
      'does not name a supported file',
    ],
    [
      'a main file of this machine',
      withWork({ mainPythonFileUri: 'file:///etc/main.py' }),
      'must be like gs://bucket/name',
    ],
    [
      'a list hidden in one address',
      withWork({ pythonFileUris: ['gs://a1b/x.py,gs://b2c/y.py'] }),
      'does not name a supported file',
    ],
    [
      'a ttl below 10 minutes',
      withExecution({ ttl: { seconds: '599', nanos: 0 } }),
      'ttl must be from 600s',
    ],
    [
      'a ttl above 14 days',
      withExecution({ ttl: { seconds: '1209601', nanos: 0 } }),
      'ttl must be from 600s',
    ],
    ['an idle ttl', withExecution({ idleTtl: { seconds: '600' } }), 'idleTtl cannot be set'],
    [
      'a staging bucket with a path',
      withExecution({ stagingBucket: 'bucket/folder' }),
      'stagingBucket must be the name',
    ],
  ])('with %s is an invalid argument', (_, request, message) => {
    expect(() => parseBatchRequest(request)).toThrow(message);
    expect(() => parseBatchRequest(request)).toThrow(
      expect.objectContaining({ status: 'INVALID_ARGUMENT' }),
    );
  });

  it.each([
    'spark.master',
    'spark.submit.deployMode',
    'spark.driver.extraJavaOptions',
    'spark.driver.extraClassPath',
    'spark.jars.packages',
    'spark.hadoop.fs.gs.storage.root.url',
    'spark.pyspark.python',
    'hadoop.tmp.dir',
    'spark.bad name',
  ])('may not set the property %j', (name) => {
    expect(() => parseBatchRequest(withProperties({ [name]: 'x' }))).toThrow(
      `Property ${JSON.stringify(name)}`,
    );
  });

  it('may set other properties of Spark', () => {
    const properties = { 'spark.sql.shuffle.partitions': '4', 'spark.app.name': 'a, b=c' };
    expect(parseBatchRequest(withProperties(properties)).properties).toEqual(properties);
  });

  it('is in a location, also when it is asked for in a region', () => {
    const parent = 'projects/local/regions/us-central1';
    expect(parseBatchRequest(sampleRequest({}, { parent })).parent).toBe(
      'projects/local/locations/us-central1',
    );
  });

  it('may say where in Google it runs, which means nothing here', () => {
    const place = { networkUri: 'n', networkTags: ['t'], kmsKey: 'k', serviceAccount: 'a@b' };
    expect(parseBatchRequest(withExecution(place)).asked).toMatchObject({
      environmentConfig: { executionConfig: place },
    });
    expect(() => parseBatchRequest(withExecution({ subnetworkUri: 's' }))).not.toThrow();
  });

  it('may hold messages and lists that say nothing', () => {
    const runtimeConfig = { containerImage: '', autotuningConfig: { scenarios: [] } };
    const environmentConfig = { peripheralsConfig: { sparkHistoryServerConfig: {} } };
    expect(() =>
      parseBatchRequest(sampleRequest({ runtimeConfig, environmentConfig })),
    ).not.toThrow();
  });

  it.each([
    ['runtimeConfig.cohort', { runtimeConfig: { cohort: 'c' } }],
    [
      'runtimeConfig.autotuningConfig.scenarios',
      { runtimeConfig: { autotuningConfig: { scenarios: ['SCALING'] } } },
    ],
    [
      'runtimeConfig.repositoryConfig.pypiRepositoryConfig',
      {
        runtimeConfig: { repositoryConfig: { pypiRepositoryConfig: { pypiRepository: 'x' } } },
      },
    ],
    [
      'environmentConfig.peripheralsConfig.metastoreService',
      { environmentConfig: { peripheralsConfig: { metastoreService: 'm' } } },
    ],
    [
      'environmentConfig.peripheralsConfig.sparkHistoryServerConfig',
      {
        environmentConfig: {
          peripheralsConfig: { sparkHistoryServerConfig: { dataprocCluster: 'c' } },
        },
      },
    ],
    [
      'environmentConfig.executionConfig.unheardOf',
      { environmentConfig: { executionConfig: { unheardOf: 1 } } },
    ],
    [
      'pysparkBatch.unheardOf',
      { pysparkBatch: { mainPythonFileUri: 'gs://code/main.py', unheardOf: true } },
    ],
    ['unheardOf', { unheardOf: ['x'] }],
  ])('with %s, which is not there, names it as a whole', (field, batch) => {
    expect(() => parseBatchRequest(sampleRequest(batch))).toThrow(
      expect.objectContaining({
        status: 'UNIMPLEMENTED',
        message: `${field}: the local Dataproc does not implement it.`,
      }),
    );
  });

  it.each([
    ['sparkRBatch', { parent: 'p', batchId: 'abcd', batch: { sparkRBatch: {} } }],
    ['runtimeConfig.containerImage', sampleRequest({ runtimeConfig: { containerImage: 'x' } })],
    ['Runtime version "3.0"', sampleRequest({ runtimeConfig: { version: '3.0' } })],
    [
      'END_USER_CREDENTIALS',
      withExecution({
        authenticationConfig: { userWorkloadAuthenticationType: 'END_USER_CREDENTIALS' },
      }),
    ],
  ])('names %s as not implemented', (what, request) => {
    expect(() => parseBatchRequest(request)).toThrow(what);
    expect(() => parseBatchRequest(request)).toThrow(
      expect.objectContaining({ status: 'UNIMPLEMENTED' }),
    );
  });
});
