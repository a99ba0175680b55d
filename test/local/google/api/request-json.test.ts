import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../local/google/api/api-error.ts';
import { loadProtos } from '../../../../local/google/api/protos.ts';
import { compileRoutes, findRoute } from '../../../../local/google/api/routes.ts';
import { decodeRequest, type PlainMessage } from '../../../../local/google/api/transcoding.ts';

const { methods } = loadProtos();
const routes = compileRoutes([
  ...methods,
  ...loadProtos('@google-cloud/secret-manager/build/protos/protos.json', [
    'google.cloud.secretmanager.v1.SecretManagerService',
  ]).methods,
]);
const jobs = '/v1/projects/local/regions/r/jobs';
const clusters = '/v1/projects/local/regions/r/clusters';
const batches = '/v1/projects/local/locations/r/batches';
const versions = '/v1/projects/local/secrets/s:addVersion';
const protobuf = 'type.googleapis.com/google.protobuf';
const dataproc = 'type.googleapis.com/google.cloud.dataproc.v1';

function decode(path: string, query: string, body?: unknown): PlainMessage {
  const match = findRoute(routes, body === undefined ? 'GET' : 'POST', path);
  if (match === undefined) throw new Error(`nothing is at ${path}`);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return decodeRequest(match, new URLSearchParams(query), body === undefined ? '' : text);
}

function refusalOf(path: string, query: string, body?: unknown): ApiError {
  try {
    decode(path, query, body);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the request has not been refused');
}

describe('a parameter of the query', () => {
  it.each([
    ['jobStateMatcher=FOO', `'job_state_matcher' (TYPE_ENUM), "FOO"`],
    ['jobStateMatcher=99', `'job_state_matcher' (TYPE_ENUM), "99"`],
    ['jobStateMatcher=toString', `'job_state_matcher' (TYPE_ENUM), "toString"`],
    ['pageSize=NaN', `'page_size' (TYPE_INT32), "NaN"`],
    ['pageSize=1.5', `'page_size' (TYPE_INT32), "1.5"`],
    ['pageSize=', `'page_size' (TYPE_INT32), ""`],
    ['page_size=+1', `'page_size' (TYPE_INT32), " 1"`],
    ['pageSize=0x10', `'page_size' (TYPE_INT32), "0x10"`],
    ['pageSize=2147483648', `'page_size' (TYPE_INT32), "2147483648"`],
    ['pageSize=99999999999', `'page_size' (TYPE_INT32), "99999999999"`],
  ])('is refused when it has no value of its type: %s', (query, reason) => {
    const { message, status, details } = refusalOf(jobs, query);
    expect({ message, status }).toEqual({
      message: `Invalid value at ${reason}`,
      status: 'INVALID_ARGUMENT',
    });
    const field = /'(.*)'/.exec(reason)?.[1];
    expect(details).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field, description: message }],
      },
    ]);
  });

  it.each([
    ['jobStateMatcher=ACTIVE&pageSize=5', { jobStateMatcher: 'ACTIVE', pageSize: 5 }],
    ['jobStateMatcher=2', { jobStateMatcher: 'NON_ACTIVE' }],
    ['pageSize=1e2', { pageSize: 100 }],
    ['pageSize=-2147483648', { pageSize: -2_147_483_648 }],
  ])('has a value of its type: %s', (query, fields) => {
    expect(decode(jobs, query)).toEqual({ projectId: 'local', region: 'r', ...fields });
  });

  it('may be a field mask', () => {
    const match = findRoute(routes, 'PATCH', '/v1/projects/p/regions/r/clusters/c');
    if (match === undefined) throw new Error('there is no route');
    const query = new URLSearchParams('updateMask=config.a,labels');
    expect(decodeRequest(match, query, '')).toMatchObject({
      updateMask: { paths: ['config.a', 'labels'] },
    });
  });
});

describe('a value of the body', () => {
  it.each([
    [
      { scheduling: { maxFailuresPerHour: 'abc' } },
      'scheduling.max_failures_per_hour',
      'TYPE_INT32',
    ],
    [
      { scheduling: { maxFailuresPerHour: true } },
      'scheduling.max_failures_per_hour',
      'TYPE_INT32',
    ],
    [{ scheduling: { maxFailuresPerHour: 1.5 } }, 'scheduling.max_failures_per_hour', 'TYPE_INT32'],
    [{ scheduling: { maxFailuresPerHour: [1] } }, 'scheduling.max_failures_per_hour', 'TYPE_INT32'],
    [{ done: 'yes' }, 'done', 'TYPE_BOOL'],
    [{ done: 1 }, 'done', 'TYPE_BOOL'],
    [{ labels: { a: 1 } }, 'labels[0].value', 'TYPE_STRING'],
    [{ labels: { a: null } }, 'labels[0].value', 'TYPE_STRING'],
    [{ pysparkJob: { args: ['a', 1] } }, 'pyspark_job.args[1]', 'TYPE_STRING'],
    [{ pysparkJob: { args: [null] } }, 'pyspark_job.args[0]', 'TYPE_STRING'],
    [{ pysparkJob: 'a' }, 'pyspark_job', `${dataproc}.PySparkJob`],
    [
      { pysparkJob: { loggingConfig: { driverLogLevels: { root: 'LOUD' } } } },
      'pyspark_job.logging_config.driver_log_levels[0].value',
      'TYPE_ENUM',
    ],
    [
      { status: { stateStartTime: '2026-99-01T00:00:00Z' } },
      'status.state_start_time',
      `${protobuf}.Timestamp`,
    ],
    [{ status: { stateStartTime: 5 } }, 'status.state_start_time', `${protobuf}.Timestamp`],
  ])('that is not of its type is refused by its place: %j', (job, place, type) => {
    const { message, status } = refusalOf(`${jobs}:submit`, '', { job });
    expect(status).toBe('INVALID_ARGUMENT');
    expect(message).toContain(`Invalid value at 'job.${place}' (${type}), `);
  });

  it.each([
    ['"NOPE"', '"NOPE"'],
    ['99', '99'],
    ['1.5', '1.5'],
    ['{}', '{}'],
    ['[1]', '[1]'],
  ])('is no enum value when it is %s', (json, shown) => {
    const authenticationConfig = `{"userWorkloadAuthenticationType":${json}}`;
    const body = `{"environmentConfig":{"executionConfig":{"authenticationConfig":${authenticationConfig}}}}`;
    const place =
      'batch.environment_config.execution_config.authentication_config' +
      '.user_workload_authentication_type';
    expect(refusalOf(batches, '', body).message).toBe(
      `Invalid value at '${place}' (TYPE_ENUM), ${shown}`,
    );
  });

  it.each(['"abc"', '"1e999"', '""', 'true', '1e999', '[]'])(
    'is no double when it is %s',
    (json) => {
      const policy = `{"basicAlgorithm":{"yarnConfig":{"scaleUpFactor":${json}}}}`;
      const path = '/v1/projects/p/regions/r/autoscalingPolicies';
      expect(refusalOf(path, '', policy).message).toContain(
        `Invalid value at 'policy.basic_algorithm.yarn_config.scale_up_factor' (TYPE_DOUBLE), `,
      );
    },
  );

  it.each(['9223372036854775808', '"9223372036854775808"', '1.5', '"x"'])(
    'is no int64 when it is %s',
    (json) => {
      const metrics = `{"hdfsMetrics":{"a":${json}}}`;
      expect(refusalOf(clusters, '', `{"metrics":${metrics}}`).message).toContain(
        `Invalid value at 'cluster.metrics.hdfs_metrics[0].value' (TYPE_INT64), `,
      );
    },
  );

  it('may be a number in a text, an enum value by its number, and a double of any size', () => {
    const body = {
      pysparkJob: { loggingConfig: { driverLogLevels: { root: 5 } } },
      scheduling: { maxFailuresPerHour: '3', maxFailuresTotal: 4.0 },
      status: { state: '2' },
    };
    expect(decode(`${jobs}:submit`, '', { job: body })).toMatchObject({
      job: {
        pysparkJob: { loggingConfig: { driverLogLevels: { root: 'WARN' } } },
        scheduling: { maxFailuresPerHour: 3, maxFailuresTotal: 4 },
        status: { state: 'RUNNING' },
      },
    });
    const int64 = { metrics: { hdfsMetrics: { a: '9223372036854775807', b: -7 } } };
    expect(decode(clusters, '', int64)).toMatchObject({
      cluster: { metrics: { hdfsMetrics: { a: '9223372036854775807', b: '-7' } } },
    });
    const yarnConfig = { scaleUpFactor: '0.5', scaleDownFactor: 1e300 };
    const path = '/v1/projects/p/regions/r/autoscalingPolicies';
    expect(decode(path, '', { basicAlgorithm: { yarnConfig } })).toMatchObject({
      policy: { basicAlgorithm: { yarnConfig: { scaleUpFactor: 0.5, scaleDownFactor: 1e300 } } },
    });
  });

  it.each(['"soon"', '"5"', '"1.s"', '"s"', '5', '"1.1234567890s"'])(
    'is no duration when it is %s',
    (json) => {
      const body = `{"environmentConfig":{"executionConfig":{"ttl":${json}}}}`;
      const place = 'batch.environment_config.execution_config.ttl';
      expect(refusalOf(batches, '', body).message).toBe(
        `Invalid value at '${place}' (${protobuf}.Duration), ${json}`,
      );
    },
  );

  it.each(['%%%', 'a', 'YQ==='])('is no base64 when it is %s', (data) => {
    expect(refusalOf(versions, '', { payload: { data } }).message).toBe(
      `Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed for "${data}"`,
    );
  });

  it.each(['+/8=', '-_8', '+/8'])('may be either base64: %s', (data) => {
    const { payload } = decode(versions, '', { payload: { data } });
    expect(payload).toEqual({ data: Buffer.from([0xfb, 0xff]) });
  });

  it('may not be a list where one value is wanted, or one value where a list is', () => {
    expect(refusalOf(`${jobs}:submit`, '', { job: { pysparkJob: [] } }).message).toContain(
      `Invalid value at 'job.pyspark_job'`,
    );
    expect(refusalOf(batches, '', { pysparkBatch: { args: 'a' } }).message).toBe(
      'Invalid JSON payload received. args must be a list.',
    );
  });
});

describe('null', () => {
  it('stands for what is not there', () => {
    const body = {
      name: null,
      labels: null,
      pysparkBatch: { mainPythonFileUri: 'gs://b/m.py', args: null },
      sparkBatch: null,
      environmentConfig: { executionConfig: { ttl: null } },
    };
    expect(decode(batches, '', body)).toEqual({
      parent: 'projects/local/locations/r',
      batch: {
        pysparkBatch: { mainPythonFileUri: 'gs://b/m.py' },
        environmentConfig: { executionConfig: {} },
      },
    });
  });

  it('does not hide that a field is unknown', () => {
    expect(refusalOf(batches, '', { extra: null }).message).toContain('Unknown name "extra"');
  });
});

describe('a text with a lone surrogate', () => {
  it.each([
    [
      '{"pysparkBatch":{"args":["\\ud800"]}}',
      `'batch.pyspark_batch.args[0]' (TYPE_STRING), "\\ud800"`,
    ],
    ['{"name":"a\\udc00b"}', `'batch.name' (TYPE_STRING), "a\\udc00b"`],
    ['{"labels":{"a":"\\ud800"}}', `'batch.labels[0].value' (TYPE_STRING), "\\ud800"`],
    ['{"labels":{"\\ud800":"a"}}', `'batch.labels[0].key' (TYPE_STRING), "\\ud800"`],
  ])('is refused: %s', (body, reason) => {
    expect(refusalOf(batches, '', body).message).toBe(`Invalid value at ${reason}`);
  });

  it('comes neither by the path nor by the query', () => {
    expect(() => findRoute(routes, 'GET', `${batches}/%ED%A0%80`)).toThrow('not well encoded');
    const { filter } = decode(batches, 'filter=%ED%A0%80');
    expect(filter).toBe('\ufffd\ufffd\ufffd');
  });

  it('is none when its pair is there', () => {
    const { batch } = decode(batches, '', '{"labels":{"a":"\\ud83e\\udd89"}}');
    expect(batch).toEqual({ labels: { a: '🦉' } });
  });
});

describe('JSON that is deeply nested', () => {
  const tooDeep = 'Invalid JSON payload received. Message too deep.';

  it.each([
    ['lists', `{"a":${'['.repeat(4_000_000)}${']'.repeat(4_000_000)}}`],
    ['objects', '{"a":'.repeat(101)],
    ['lists after a quoted quote', `{"a\\\\":${'['.repeat(100)}`],
  ])('is refused before it is parsed: %s', (_, body) => {
    expect(refusalOf(batches, '', body).message).toContain(tooDeep);
  });

  it('may have 100 levels, and brackets in texts', () => {
    const levels = `{"extra":${'['.repeat(99)}${']'.repeat(99)}}`;
    expect(refusalOf(batches, '', levels).message).toContain('Unknown name "extra"');
    const { batch } = decode(batches, '', { labels: { a: `\\"${'['.repeat(500)}` } });
    expect(batch).toEqual({ labels: { a: `\\"${'['.repeat(500)}` } });
  });
});
