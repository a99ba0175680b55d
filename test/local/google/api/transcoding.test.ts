import { describe, expect, it } from 'vitest';
import { loadProtos } from '../../../../local/google/api/protos.ts';
import { compileRoutes, findRoute } from '../../../../local/google/api/routes.ts';
import {
  decodeRequest,
  encodeResponse,
  packAny,
  type PlainMessage,
  wantsNumericEnums,
} from '../../../../local/google/api/transcoding.ts';

const { root, methods } = loadProtos();
const routes = compileRoutes(methods);
const batches = '/v1/projects/local/locations/us-central1/batches';
const operation = '/v1/projects/local/regions/us-central1/operations/op-1';
const operationsThere = '/v1/projects/local/locations/us-central1/operations';

function rpcOf(verb: string, path: string): string | undefined {
  return findRoute(routes, verb, path)?.route.method.name;
}

function decode(verb: string, path: string, query: string, body: string): PlainMessage {
  const match = findRoute(routes, verb, path);
  if (match === undefined) throw new Error(`nothing is at ${verb} ${path}`);
  return decodeRequest(match, new URLSearchParams(query), body);
}

describe('the REST routes of the protos', () => {
  it.each([
    ['POST', batches, 'CreateBatch'],
    ['GET', batches, 'ListBatches'],
    ['GET', `${batches}/b-1`, 'GetBatch'],
    ['DELETE', `${batches}/b-1`, 'DeleteBatch'],
    ['GET', operation, 'GetOperation'],
    ['POST', `${operation}:cancel`, 'CancelOperation'],
    ['DELETE', operation, 'DeleteOperation'],
    ['GET', operationsThere, 'ListOperations'],
    ['GET', `${operationsThere}/op-1`, 'GetOperation'],
    ['POST', `${operationsThere}/op-1:cancel`, 'CancelOperation'],
    ['DELETE', `${operationsThere}/op-1`, 'DeleteOperation'],
    ['POST', '/v1/projects/local/regions/us-central1/jobs:submit', 'SubmitJob'],
    ['POST', '/v1/projects/p/regions/r/autoscalingPolicies', 'CreateAutoscalingPolicy'],
  ])('%s %s reaches %s', (verb, path, rpc) => {
    expect(rpcOf(verb, path)).toBe(rpc);
  });

  it.each([
    ['PUT', batches],
    ['GET', `${batches}/a/b`],
    ['GET', '/v1/projects/local'],
    ['POST', `${operation}:stop`],
  ])('%s %s reaches nothing', (verb, path) => {
    expect(rpcOf(verb, path)).toBeUndefined();
  });

  it('decode the variables of the path', () => {
    expect(findRoute(routes, 'GET', `${batches}/a%20b`)?.variables).toEqual({
      name: 'projects/local/locations/us-central1/batches/a b',
    });
    expect(() => findRoute(routes, 'GET', `${batches}/%zz`)).toThrow('not well encoded');
  });
});

describe('a request in JSON', () => {
  it('is made of path, query and body', () => {
    const body = JSON.stringify({
      pysparkBatch: { mainPythonFileUri: 'gs://b/m.py', args: ['1'] },
      environmentConfig: { executionConfig: { ttl: '3600s' } },
    });
    expect(decode('POST', batches, 'batchId=b-1&request_id=r-1', body)).toEqual({
      parent: 'projects/local/locations/us-central1',
      batchId: 'b-1',
      requestId: 'r-1',
      batch: {
        pysparkBatch: { mainPythonFileUri: 'gs://b/m.py', args: ['1'] },
        environmentConfig: { executionConfig: { ttl: { seconds: '3600' } } },
      },
    });
  });

  it.each([
    ['{"extra":1}', `Unknown name "extra" at 'batch': Cannot find field.`],
    ['{"pysparkBatch":{"private":1}}', `Unknown name "private" at 'batch.pyspark_batch': Cannot`],
    ['{"__proto__":{"x":1}}', `Unknown name "__proto__" at 'batch': Cannot find field.`],
  ])('may not have fields that the protos do not know: %s', (body, message) => {
    expect(() => decode('POST', batches, '', body)).toThrow(
      `Invalid JSON payload received. ${message}`,
    );
  });

  it('may have parameters that the protos do not know', () => {
    expect(decode('POST', batches, 'unknown=1&$alt=json', '{}')).toEqual({
      parent: 'projects/local/locations/us-central1',
      batch: {},
    });
  });

  it('takes from the path what is a field of a field', () => {
    const name = 'projects/local/regions/us-central1/workflowTemplates/t-1';
    expect(decode('PUT', `/v1/${name}`, '', '{"name":"other","version":2}')).toEqual({
      template: { name, version: 2 },
    });
  });

  it('cannot change what the path says', () => {
    expect(decode('GET', batches, 'parent=projects/other/locations/x&pageSize=5', '')).toEqual({
      parent: 'projects/local/locations/us-central1',
      pageSize: 5,
    });
  });

  it.each(['[]', 'null', '{', '{"labels":"a"}', '{"pysparkBatch":{"args":"a"}}'])(
    'that is %s is an invalid argument',
    (body) => {
      expect(() => decode('POST', batches, '', body)).toThrow('Invalid JSON payload received.');
    },
  );
});

describe('a response in JSON', () => {
  const type = root.lookupType('google.cloud.dataproc.v1.Batch');
  const batch = {
    name: 'b',
    state: 'SUCCEEDED',
    stateMessage: '',
    labels: { empty: '' },
    createTime: { seconds: 1_795_270_400, nanos: 500_000_000 },
    runtimeInfo: { outputUri: 'gs://b/o' },
  };

  it('leaves out default values and keeps those of maps', () => {
    expect(encodeResponse(type, batch, { numericEnums: false })).toEqual({
      name: 'b',
      state: 'SUCCEEDED',
      labels: { empty: '' },
      createTime: '2026-11-21T14:13:20.500Z',
      runtimeInfo: { outputUri: 'gs://b/o' },
    });
  });

  it('has enum values as numbers when the client asks for them', () => {
    const wanted = wantsNumericEnums(new URLSearchParams('$alt=json%3Benum-encoding=int'));
    expect(wanted).toBe(true);
    expect(encodeResponse(type, batch, { numericEnums: wanted })).toMatchObject({ state: 5 });
  });

  it('opens what is packed into an Any', () => {
    const response = packAny(root, 'google.cloud.dataproc.v1.Batch', batch);
    const operationType = root.lookupType('google.longrunning.Operation');
    const message = { name: 'op', done: true, response };
    expect(encodeResponse(operationType, message, { numericEnums: false })).toEqual({
      name: 'op',
      done: true,
      response: {
        '@type': 'type.googleapis.com/google.cloud.dataproc.v1.Batch',
        name: 'b',
        state: 'SUCCEEDED',
        labels: { empty: '' },
        createTime: '2026-11-21T14:13:20.500Z',
        runtimeInfo: { outputUri: 'gs://b/o' },
      },
    });
  });
});
