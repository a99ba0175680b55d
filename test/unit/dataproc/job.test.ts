import { describe, expect, it } from 'vitest';
import { parseJob, toJob } from '../../../shared/dataproc/job.ts';
import { toBatchProgram, toJobProgram } from '../../../shared/dataproc/program.ts';
import type { JobId } from '../../../shared/jobs/job.ts';
import { makeSubmission } from '../../support/submissions.ts';

const JOB = 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i' as JobId;
const NAME = `projects/acme/regions/us-central1/jobs/${JOB}`;

function parse(job: Readonly<Record<string, unknown>>): unknown {
  return parseJob(JOB, new Map(Object.entries(job)), NAME);
}

describe('a job that is sent', () => {
  it('has our id and the cluster, and no account, schedule or restarts of its own', () => {
    const submission = makeSubmission(JOB, { runtimeAccount: null });
    expect(toJob(submission, { project: 'acme', clusterName: 'nightly' })).toEqual({
      reference: { projectId: 'acme', jobId: JOB },
      placement: { clusterName: 'nightly' },
      labels: { jobgate: 'v1', 'jg-request': 'r-1' },
      pysparkJob: {
        mainPythonFileUri: 'gs://stage/tidy.py',
        pythonFileUris: ['gs://stage/rules.py'],
        args: ['--input', 'gs://inputs/open/a.csv'],
        properties: { 'spark.executor.instances': '2' },
      },
    });
  });
});

describe('a program', () => {
  const common = { properties: { 'spark.x': '1' }, outputUri: 'gs://results/tidy/jg-1/' };
  const jarUris = ['gs://stage/b.jar'];
  const args = ['x'];
  const mainUri = 'gs://stage/a';
  const variables = { day: '2001-01-01' };

  it.each([
    [
      { kind: 'spark', main: { kind: 'jar', uri: 'gs://stage/a.jar' }, jarUris, args },
      { sparkBatch: { mainJarFileUri: 'gs://stage/a.jar', jarFileUris: jarUris, args } },
      { sparkJob: { mainJarFileUri: 'gs://stage/a.jar', jarFileUris: jarUris, args } },
    ],
    [
      { kind: 'spark', main: { kind: 'class', name: 'A' }, jarUris, args },
      { sparkBatch: { mainClass: 'A', jarFileUris: jarUris, args } },
      { sparkJob: { mainClass: 'A', jarFileUris: jarUris, args } },
    ],
    [
      { kind: 'sparkR', mainUri, args },
      { sparkRBatch: { mainRFileUri: mainUri, args } },
      { sparkRJob: { mainRFileUri: mainUri, args } },
    ],
    [
      { kind: 'sparkSql', mainUri, jarUris, variables },
      { sparkSqlBatch: { queryFileUri: mainUri, queryVariables: variables, jarFileUris: jarUris } },
      { sparkSqlJob: { queryFileUri: mainUri, scriptVariables: variables, jarFileUris: jarUris } },
    ],
  ] as const)('%j is written for a batch and for a job', (program, batch, job) => {
    const [[field, work]] = Object.entries(job) as [[string, object]];
    expect(toBatchProgram({ ...program, ...common })).toEqual(batch);
    expect(toJobProgram({ ...program, ...common })).toEqual({
      [field]: { ...work, properties: { 'spark.x': '1' } },
    });
  });

  it('of Hive is written for a job alone', () => {
    const program = { kind: 'hive', mainUri, jarUris, variables, ...common } as const;
    expect(toJobProgram(program)).toEqual({
      hiveJob: {
        queryFileUri: mainUri,
        scriptVariables: variables,
        jarFileUris: jarUris,
        properties: { 'spark.x': '1' },
      },
    });
    expect(() => toBatchProgram(program)).toThrow('a batch does not run Hive');
  });
});

describe('a job that is read', () => {
  it('keeps Dataproc’s own times, and counts as queued until its driver starts', () => {
    const job = {
      status: { state: 'DONE', stateStartTime: '2026-01-15T12:02:00Z' },
      statusHistory: [
        { state: 'PENDING', stateStartTime: '2026-01-15T12:00:01Z' },
        { state: 'SETUP_DONE', stateStartTime: '2026-01-15T12:00:02Z' },
        { state: 'RUNNING', substate: 'QUEUED', stateStartTime: '2026-01-15T12:00:03Z' },
        { state: 'RUNNING', details: 'Agent reported', stateStartTime: '2026-01-15T12:00:40Z' },
      ],
      labels: { jobgate: 'v1' },
      driverOutputResourceUri: 'gs://stage/driveroutput',
    };
    expect(parse(job)).toEqual({
      jobId: JOB,
      state: 'succeeded',
      waitReason: null,
      startedAt: '2026-01-15T12:00:40Z',
      endedAt: '2026-01-15T12:02:00Z',
      history: [
        { state: 'queued', at: '2026-01-15T12:00:01Z' },
        { state: 'queued', at: '2026-01-15T12:00:02Z' },
        { state: 'queued', at: '2026-01-15T12:00:03Z' },
        { state: 'running', at: '2026-01-15T12:00:40Z' },
        { state: 'succeeded', at: '2026-01-15T12:02:00Z' },
      ],
      labels: { jobgate: 'v1' },
      driverOutputUri: 'gs://stage/driveroutput',
      error: null,
      handle: NAME,
    });
  });

  it.each([
    [
      'Awaiting execution [Throttling job x: Too many running jobs (current=3 max=3)]',
      'cluster_jobs',
    ],
    [
      'Awaiting execution [Throttling job x: High system memory usage (current=94%)]',
      'cluster_memory',
    ],
    [
      'Awaiting execution [Throttling job x: Not enough free memory (current=1 min=2)]',
      'cluster_memory',
    ],
    ['Awaiting execution [Throttling job x: Rate limit]', 'cluster_rate'],
    ['', 'cluster_agent'],
    [undefined, 'cluster_agent'],
  ])('waits, as %j says, for %s', (details, waitReason) => {
    const status = { state: 'RUNNING', substate: 'QUEUED', details };
    expect(parse({ status })).toMatchObject({ state: 'queued', waitReason });
    expect(parse({ status: { state: 'RUNNING', details } })).toMatchObject({ waitReason: null });
  });

  it('that failed says so in the program’s own words', () => {
    const details =
      'Job failed with message [ValueError: no rows]. Additional details can be found at:\nhttps://x';
    expect(parse({ status: { state: 'ERROR', details, stateStartTime: 't' } })).toMatchObject({
      state: 'failed',
      endedAt: 't',
      error: { code: 'driver_failed', message: 'ValueError: no rows' },
    });
  });

  it.each([{}, { status: null }, { status: [] }, { status: { state: 'NEW' } }, { status: 7 }])(
    'is none with %j',
    (job) => {
      expect(parse(job)).toBeUndefined();
    },
  );
});
