import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import { readObjects, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, errorOf, type JobCalls, makeJob, makeJobCalls, statesOf } from './sample-job.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let jobs: JobCalls;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'jobs-test', clusters: [cluster] });
  jobs = makeJobCalls(String(server.ready['google']));
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

describe('a job on a cluster', () => {
  it('runs, writes its output below the cluster and ends as DONE', async () => {
    const reply = await jobs.submit(makeJob('noop-1', 'noop.py', { labels: { team: 'a' } }));
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      reference: { projectId: 'local', jobId: 'noop-1' },
      placement: { clusterName: 'c1' },
      status: { state: 'PENDING' },
    });
    const job = await jobs.waitForState('noop-1', 'DONE');
    expect(statesOf(job)).toEqual(['PENDING', 'SETUP_DONE', 'RUNNING', 'DONE']);
    const { clusterUuid } = parseObject(job['placement'], 'placement');
    const jobsFolder = `gs://jobgate-staging/google-cloud-dataproc-metainfo/${String(clusterUuid)}/jobs`;
    expect(job).toMatchObject({
      labels: { team: 'a' },
      done: true,
      driverControlFilesUri: `${jobsFolder}/noop-1/`,
      driverOutputResourceUri: `${jobsFolder}/noop-1/driveroutput`,
    });
    const storage = String(server.ready['storage']);
    const uri = `${String(job['driverOutputResourceUri'])}.`;
    const parts = await readObjects(storage, uri, 'reader-token');
    expect(parts.map(({ text }) => text).join('')).toContain('nothing to do\n');
    expect(parts.at(-1)?.text).toBe('');
  });

  it('may be statements of SQL', async () => {
    const sparkSqlJob = {
      queryList: { queries: ['SELECT concat("${greeting}", " ", 40 + 2) AS answer'] },
      scriptVariables: { greeting: 'hello' },
    };
    await jobs.submit({
      reference: { jobId: 'sql-1' },
      placement: { clusterName: 'c1' },
      sparkSqlJob,
    });
    const job = await jobs.waitForState('sql-1', 'DONE');
    const uri = `${String(job['driverOutputResourceUri'])}.`;
    const parts = await readObjects(String(server.ready['storage']), uri, 'reader-token');
    expect(parts.map(({ text }) => text).join('')).toContain('hello 42\n');
  });

  it('that fails is in ERROR and says which exception it was', async () => {
    await jobs.submit(makeJob('fail-1', 'fail.py'));
    const job = await jobs.waitForState('fail-1', 'ERROR');
    expect(String(parseObject(job['status'], 'status')['details']).split('\n')[0]).toBe(
      'Job failed with message [ValueError: no rows in gs://x]. Additional details can be found at:',
    );
  });

  it('that may restart makes a new attempt with an output of its own', async () => {
    const scheduling = { maxFailuresTotal: 1 };
    await jobs.submit(makeJob('fail-2', 'fail.py', { scheduling }));
    const job = await jobs.waitForState('fail-2', 'ERROR');
    expect(statesOf(job)).toEqual([
      ...['PENDING', 'SETUP_DONE', 'RUNNING', 'ATTEMPT_FAILURE', 'RUNNING', 'ERROR'],
    ]);
    expect(job['driverOutputResourceUri']).toMatch(/\/fail-2\/attempt-2\/driveroutput$/);
    expect(job).toMatchObject({ scheduling });
  });

  it('that is cancelled ends as CANCELLED, and cancelling it again changes nothing', async () => {
    await jobs.submit(makeJob('hang-1', 'hang.py'));
    await jobs.waitForState('hang-1', 'RUNNING');
    expect((await jobs.call('DELETE', 'jobs/hang-1')).status).toBe(400);
    const cancelled = await jobs.call('POST', 'jobs/hang-1:cancel', {});
    expect(cancelled.body).toMatchObject({ status: { state: 'CANCEL_STARTED' } });
    expect((await jobs.call('POST', 'jobs/hang-1:cancel', {})).status).toBe(200);
    const job = await jobs.waitForState('hang-1', 'CANCELLED');
    expect(statesOf(job).slice(-4)).toEqual([
      ...['RUNNING', 'CANCEL_PENDING', 'CANCEL_STARTED', 'CANCELLED'],
    ]);
    expect((await jobs.call('POST', 'jobs/hang-1:cancel', {})).status).toBe(200);
  });

  it('that waits for its turn is RUNNING and QUEUED, and says why', async () => {
    for (const id of ['hang-2', 'hang-3', 'queued-1']) await jobs.submit(makeJob(id, 'hang.py'));
    const queued = await waitFor(async () => {
      const { status } = await jobs.get('queued-1');
      return parseObject(status, 'status')['substate'] === 'QUEUED' ? status : undefined;
    });
    expect(queued).toMatchObject({
      state: 'RUNNING',
      details: 'Waiting for capacity: 2 of 2 drivers are running, 0 more wait before this one.',
    });
    for (const id of ['queued-1', 'hang-2', 'hang-3']) {
      await jobs.call('POST', `jobs/${id}:cancel`, {});
      await jobs.waitForState(id, 'CANCELLED');
    }
  });
});

describe('a call of JobController', () => {
  it('that repeats an id fails, and one that repeats a request id gets the first job', async () => {
    await jobs.submit(makeJob('twice-1', 'noop.py'), { requestId: 'r-1' });
    const replay = await jobs.submit(makeJob('other', 'fail.py'), { requestId: 'r-1' });
    expect(replay.body).toMatchObject({ reference: { jobId: 'twice-1' } });
    const again = await jobs.submit(makeJob('twice-1', 'noop.py'), { requestId: 'r-2' });
    expect([again.status, errorOf(again)]).toEqual([
      409,
      {
        code: 409,
        status: 'ALREADY_EXISTS',
        message:
          'Already exists: Failed to submit job: Job projects/local/regions/us-central1/jobs/twice-1',
      },
    ]);
    await jobs.waitForState('twice-1', 'DONE');
    await jobs.call('DELETE', 'jobs/twice-1');
    const late = await jobs.submit(makeJob('twice-1', 'noop.py'), { requestId: 'r-1' });
    expect(late.body).toMatchObject({ status: { state: 'DONE' } });
    expect((await jobs.call('GET', 'jobs/twice-1')).status).toBe(404);
  });

  it('that cancels a job that is DONE is refused', async () => {
    const reply = await jobs.call('POST', 'jobs/noop-1:cancel', {});
    expect(errorOf(reply)).toEqual({
      code: 400,
      status: 'FAILED_PRECONDITION',
      message:
        "Cannot cancel jobId 'noop-1' in projectId 'local' in state: 'DONE'; " +
        "cancellable states: '[PENDING, RUNNING]'",
    });
  });

  it.each([
    [{ serviceAccount: 'x' }, `Unknown name "serviceAccount" at 'job': Cannot find field.`],
    [
      { pysparkJob: { mainPythonFileUri: 'gs://a1b/x.py', serviceAccount: 'x' } },
      `Unknown name "serviceAccount" at 'job.pyspark_job': Cannot find field.`,
    ],
    [
      { placement: { clusterName: 'c1', serviceAccount: 'x' } },
      `Unknown name "serviceAccount" at 'job.placement': Cannot find field.`,
    ],
  ])('may not name a service account: %j', async (rest, message) => {
    const reply = await jobs.submit(makeJob('account', 'noop.py', rest));
    expect(errorOf(reply)).toMatchObject({
      code: 400,
      message: `Invalid JSON payload received. ${message}`,
    });
  });

  it('for a cluster that is not there names it', async () => {
    const placement = { clusterName: 'none' };
    const reply = await jobs.submit({ ...makeJob('lost', 'noop.py'), placement });
    expect(errorOf(reply)).toMatchObject({
      code: 404,
      message: 'Not found: Cluster projects/local/regions/us-central1/clusters/none',
    });
  });

  it('for another project is denied, for another region not found', async () => {
    const google = `${String(server.ready['google'])}/v1/projects`;
    const token = 'submitter-token';
    expect((await send(`${google}/x/regions/us-central1/jobs`, { token })).status).toBe(403);
    expect((await send(`${google}/local/regions/eu/jobs`, { token })).status).toBe(404);
  });

  it('without the permission is denied, and the permission named', async () => {
    const reader = makeJobCalls(String(server.ready['google']), 'reader-token');
    expect(errorOf(await reader.submit(makeJob('denied', 'noop.py')))).toMatchObject({
      status: 'PERMISSION_DENIED',
      message:
        "Permission 'dataproc.jobs.create' denied on resource " +
        "'//dataproc.googleapis.com/projects/local/regions/us-central1' (or it may not exist).",
    });
    const cancel = await reader.call('POST', 'jobs/noop-1:cancel', {});
    expect(errorOf(cancel)).toMatchObject({ status: 'PERMISSION_DENIED' });
  });

  it('lists jobs from the newest on, in pages that stay, and filters them', async () => {
    const list = async (query: string) => {
      const { body } = await jobs.call('GET', `jobs${query}`);
      const page = parseObject(body, 'page');
      const found = Array.isArray(page['jobs']) ? page['jobs'] : [];
      const ids = found.map((job) => {
        const { jobId } = parseObject(parseObject(job, 'job')['reference'], 'reference');
        return String(jobId);
      });
      return { ids, next: String(page['nextPageToken']) };
    };
    const { ids } = await list('');
    expect(ids.slice(-3)).toEqual(['fail-1', 'sql-1', 'noop-1']);
    const first = await list('?pageSize=2');
    await jobs.submit(makeJob('between', 'noop.py'));
    const second = await list(`?pageSize=2&pageToken=${first.next}`);
    expect([...first.ids, ...second.ids]).toEqual(ids.slice(0, 4));
    await jobs.waitForState('between', 'DONE');
    const filtered = async (text: string) =>
      (await list(`?filter=${encodeURIComponent(text)}`)).ids;
    expect(await filtered('status.state = NON_ACTIVE AND labels.team = a')).toEqual(['noop-1']);
    expect(await filtered('labels.team = * status.state=NON_ACTIVE')).toEqual(['noop-1']);
    expect(await filtered('status.state = ACTIVE')).toEqual([]);
    expect((await list('?jobStateMatcher=ACTIVE')).ids).toEqual([]);
    expect((await list('?clusterName=none')).ids).toEqual([]);
  });

  it('changes labels and nothing else of a job', async () => {
    const body = { labels: { team: 'b' } };
    const reply = await jobs.call('PATCH', 'jobs/noop-1?updateMask=labels', body);
    expect(reply.body).toMatchObject({ labels: { team: 'b' } });
    for (const query of ['', '?updateMask=placement', '?updateMask=labels,placement'])
      expect((await jobs.call('PATCH', `jobs/noop-1${query}`, body)).status).toBe(400);
  });

  it('deletes a job that has ended', async () => {
    expect((await jobs.call('DELETE', 'jobs/fail-1')).body).toEqual({});
    expect((await jobs.call('GET', 'jobs/fail-1')).status).toBe(404);
  });

  it('submits a job as a long-running operation', async () => {
    const job = makeJob('operation-1', 'noop.py');
    const reply = await jobs.call('POST', 'jobs:submitAsOperation', { job });
    const path = String(parseObject(reply.body, 'operation')['name']).replace(
      /^.*\/(?=operations)/,
      '',
    );
    const ended = await waitFor(async () => {
      const operation = parseObject((await jobs.call('GET', path)).body, 'operation');
      return operation['done'] === true ? operation : undefined;
    });
    expect(ended).toMatchObject({
      metadata: {
        '@type': 'type.googleapis.com/google.cloud.dataproc.v1.JobMetadata',
        jobId: 'operation-1',
        status: { state: 'DONE' },
      },
      response: {
        '@type': 'type.googleapis.com/google.cloud.dataproc.v1.Job',
        reference: { jobId: 'operation-1' },
      },
    });
    const listed = await jobs.call('GET', 'operations?filter=operationType%3DJOB');
    expect(listed.body).toMatchObject({ operations: [{ name: ended['name'], done: true }] });
    expect((await jobs.call('DELETE', path)).body).toEqual({});
    expect((await jobs.call('GET', path)).status).toBe(404);
  });
});

describe('a call of ClusterController', () => {
  it('shows a cluster of the configuration and the labels that Dataproc adds', async () => {
    const reply = await jobs.call('GET', 'clusters/c1');
    expect(reply.body).toMatchObject({
      clusterName: 'c1',
      config: {
        configBucket: 'jobgate-staging',
        gceClusterConfig: { serviceAccount: cluster.serviceAccount },
      },
      labels: { env: 'local', 'goog-dataproc-cluster-name': 'c1' },
      status: { state: 'RUNNING' },
    });
    expect((await jobs.call('GET', 'clusters/none')).status).toBe(404);
  });

  it('lists clusters and filters them', async () => {
    const count = async (filter: string) => {
      const { body } = await jobs.call('GET', `clusters?filter=${encodeURIComponent(filter)}`);
      return parseObject(body, 'page')['clusters'] === undefined ? 0 : 1;
    };
    expect(await count('status.state = ACTIVE AND clusterName = c1 labels.env = local')).toBe(1);
    expect(await count('status.state = STOPPED')).toBe(0);
    expect(await count('labels.env = other')).toBe(0);
    expect((await jobs.call('GET', 'clusters?filter=zone%3Dx')).status).toBe(400);
  });

  it('that changes a cluster is not implemented', async () => {
    expect((await jobs.call('DELETE', 'clusters/c1')).status).toBe(501);
  });
});
