import { parseList, parseObject, type Table } from '../../../../local/google/shape.ts';
import type { PlainMessage } from '../../../../local/google/api/transcoding.ts';
import { accounts, type Reply, send, waitFor } from '../google-server.ts';

/** What the jobs of the tests live in. */
export const region = 'projects/local/regions/us-central1';

/** The cluster of the tests. */
export const cluster = {
  name: 'c1',
  stagingBucket: 'jobgate-staging',
  serviceAccount: accounts.runtime,
  labels: { env: 'local' },
} as const;

/** Makes a SubmitJobRequest that is right, with the given differences. */
export function sampleJobRequest(job: PlainMessage = {}, rest: PlainMessage = {}): PlainMessage {
  return {
    projectId: 'local',
    region: 'us-central1',
    job: {
      reference: { jobId: 'sample-1' },
      placement: { clusterName: 'c1' },
      pysparkJob: { mainPythonFileUri: 'gs://code/main.py' },
      ...job,
    },
    ...rest,
  };
}

/** Makes the Job of a program of the tests. */
export function makeJob(jobId: string, file: string, rest: Table = {}): Table {
  return {
    reference: { jobId },
    placement: { clusterName: 'c1' },
    pysparkJob: { mainPythonFileUri: `gs://jobgate-staging/jobs/${file}` },
    ...rest,
  };
}

/** Calls of JobController over REST. */
export interface JobCalls {
  readonly submit: (job: Table, rest?: Table) => Promise<Reply>;
  readonly get: (jobId: string) => Promise<Table>;
  readonly waitForState: (jobId: string, state: string) => Promise<Table>;
  readonly call: (method: string, path: string, body?: object) => Promise<Reply>;
}

/** Makes the calls; `google` is the address in the ready line. */
export function makeJobCalls(google: string, token = 'submitter-token'): JobCalls {
  const call: JobCalls['call'] = (method, path, body) =>
    send(`${google}/v1/${region}/${path}`, {
      method,
      token,
      ...(body === undefined ? {} : { body }),
    });
  const get = async (jobId: string) =>
    parseObject((await call('GET', `jobs/${jobId}`)).body, 'the job');
  return {
    call,
    get,
    submit: (job, rest = {}) => call('POST', 'jobs:submit', { job, ...rest }),
    waitForState: (jobId, state) =>
      waitFor(async () => {
        const job = await get(jobId);
        return parseObject(job['status'], 'status')['state'] === state ? job : undefined;
      }),
  };
}

/** Returns the states that a job has been in. */
export function statesOf(job: Table): readonly unknown[] {
  const history = parseList(job['statusHistory'] ?? [], 'statusHistory', parseObject);
  return [...history, job['status']].map((status) => parseObject(status, 'status')['state']);
}

/** Returns the `error` of a reply. */
export function errorOf(reply: Reply): unknown {
  return parseObject(reply.body, 'the error')['error'];
}
