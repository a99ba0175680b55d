import { describe, expect, it } from 'vitest';
import { parseJobRequest } from '../../../../local/google/dataproc/job-request.ts';
import type { PlainMessage } from '../../../../local/google/api/transcoding.ts';
import { sampleJobRequest } from './sample-job.ts';

function parse(request: PlainMessage) {
  return parseJobRequest(request, 'local');
}

/** A job of another kind of work than the sample's. */
function withWork(work: PlainMessage): PlainMessage {
  return sampleJobRequest({ pysparkJob: undefined, ...work });
}

describe('a request to submit a job', () => {
  it('keeps what was asked for and drops fields that are output only', () => {
    const scheduling = { maxFailuresPerHour: 10, maxFailuresTotal: 240 };
    const request = parse(
      sampleJobRequest({ scheduling, status: { state: 'DONE' }, done: true, jobUuid: 'mine' }),
    );
    expect(request).toMatchObject({
      jobId: 'sample-1',
      placement: { clusterName: 'c1', labels: {} },
      limits: { perHour: 10, total: 240 },
    });
    expect(request.asked).toEqual({
      pysparkJob: { mainPythonFileUri: 'gs://code/main.py' },
      scheduling,
    });
  });

  it('gets an id of the server when it has none', () => {
    expect(parse(sampleJobRequest({ reference: {} })).jobId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('may give the folder of an archive a name', () => {
    const archiveUris = ['gs://code/a.tar.gz#environment', 'gs://code/b.zip'];
    const pysparkJob = { mainPythonFileUri: 'gs://code/main.py', archiveUris };
    expect(parse(sampleJobRequest({ pysparkJob })).work).toMatchObject({ archiveUris });
  });

  it('may run a class of a jar', () => {
    const sparkJob = { mainClass: 'org.example.Main$', jarFileUris: ['gs://code/a.jar'] };
    expect(parse(withWork({ sparkJob })).work).toEqual({
      kind: 'spark',
      main: { kind: 'class', name: 'org.example.Main$' },
      args: [],
      jarFileUris: ['gs://code/a.jar'],
      fileUris: [],
      archiveUris: [],
    });
  });

  it("may run a jar of Spark's own", () => {
    const uri = 'file:///usr/lib/spark/examples/jars/spark-examples.jar';
    expect(parse(withWork({ sparkJob: { mainJarFileUri: uri } })).work).toMatchObject({
      main: { kind: 'jar', uri },
    });
  });

  it('may run statements of SQL with variables', () => {
    const sparkSqlJob = {
      queryList: { queries: ['SELECT "${name}"; SELECT 2'] },
      scriptVariables: { name: '; DROP' },
    };
    expect(parse(withWork({ sparkSqlJob })).work).toEqual({
      kind: 'sparkSql',
      queries: { kind: 'list', statements: ['SELECT "${name}"; SELECT 2'] },
      variables: { name: '; DROP' },
      jarFileUris: [],
    });
  });

  it.each([
    ['no job', { projectId: 'local' }, 'Job is required.'],
    ['no work', withWork({}), 'Exactly one of hadoopJob, '],
    ['two kinds of work', sampleJobRequest({ sparkJob: {} }), 'Exactly one of hadoopJob, '],
    ['an id with a dot', sampleJobRequest({ reference: { jobId: 'a.b' } }), 'Job id "a.b"'],
    ['an id of 101', sampleJobRequest({ reference: { jobId: 'a'.repeat(101) } }), 'Job id "'],
    [
      'a reference to another project',
      sampleJobRequest({ reference: { projectId: 'x' } }),
      'does not match',
    ],
    ['a request id with a dot', sampleJobRequest({}, { requestId: 'a.b' }), 'requestId must be'],
    ['no cluster', sampleJobRequest({ placement: {} }), 'The placement needs a clusterName'],
    [
      'eleven failures an hour',
      sampleJobRequest({ scheduling: { maxFailuresPerHour: 11 } }),
      'maxFailuresPerHour must be from 0 to 10.',
    ],
    [
      '241 failures',
      sampleJobRequest({ scheduling: { maxFailuresTotal: 241 } }),
      'maxFailuresTotal must be from 0 to 240.',
    ],
    ['a label in capitals', sampleJobRequest({ labels: { Team: 'a' } }), 'Label key "Team"'],
    [
      'a property that leaves its place',
      sampleJobRequest({
        pysparkJob: {
          mainPythonFileUri: 'gs://code/main.py',
          properties: { 'spark.hadoop.fs.gs.auth.service.account.email': 'x' },
        },
      }),
      'Property "spark.hadoop.fs.gs.auth.service.account.email" cannot be set on a job.',
    ],
    [
      'a main class and a main jar',
      withWork({ sparkJob: { mainClass: 'A', mainJarFileUri: 'gs://code/a.jar' } }),
      'sparkJob needs either mainJarFileUri or mainClass.',
    ],
    [
      'a main class with a blank',
      withWork({ sparkJob: { mainClass: 'A --conf' } }),
      'not the name',
    ],
    [
      'a jar of this machine',
      withWork({ sparkJob: { mainJarFileUri: 'file:///usr/lib/spark/../x/a.jar' } }),
      'must be like gs://bucket/name',
    ],
    ['no statements', withWork({ sparkSqlJob: { queryList: {} } }), 'needs either queryFileUri'],
    [
      'a variable with a blank',
      withWork({
        sparkSqlJob: { queryFileUri: 'gs://code/a.sql', scriptVariables: { 'a b': 'c' } },
      }),
      'has a variable that cannot be: "a b"',
    ],
  ])('is refused with %s', (_, request, message) => {
    expect(() => parse(request)).toThrow(message);
    expect(() => parse(request)).toThrow(expect.objectContaining({ status: 'INVALID_ARGUMENT' }));
  });

  it.each([
    ['hiveJob', withWork({ hiveJob: {} })],
    ['sparkRJob', withWork({ sparkRJob: {} })],
    ['flinkJob', withWork({ flinkJob: {} })],
    ['unheardOf', sampleJobRequest({ unheardOf: 'x' })],
    ['placement.unheardOf', sampleJobRequest({ placement: { clusterName: 'c1', unheardOf: 1 } })],
    ['scheduling.unheardOf', sampleJobRequest({ scheduling: { unheardOf: 1 } })],
    [
      'sparkSqlJob.continueOnFailure',
      withWork({ sparkSqlJob: { queryFileUri: 'gs://code/a.sql', continueOnFailure: true } }),
    ],
    ['driverSchedulingConfig', sampleJobRequest({ driverSchedulingConfig: { vcores: 1 } })],
    [
      'pysparkJob.loggingConfig.driverLogLevels',
      sampleJobRequest({
        pysparkJob: {
          mainPythonFileUri: 'gs://code/main.py',
          loggingConfig: { driverLogLevels: { root: 'INFO' } },
        },
      }),
    ],
  ])('names %s as not implemented', (what, request) => {
    expect(() => parse(request)).toThrow(
      expect.objectContaining({
        status: 'UNIMPLEMENTED',
        message: `${what}: the local Dataproc does not implement it.`,
      }),
    );
  });
});
