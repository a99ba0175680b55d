import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalServer, makeFolder } from '../local-server.ts';
import type { Json, OfficialClient } from './official-client.ts';
import {
  batch,
  Conversation,
  jobUri,
  location,
  place,
  pysparkJob,
  readDriverOutput,
  region,
} from './scenario.ts';
import { clients, refusal, startSuite } from './suite.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;
let storage: string;

beforeAll(async () => {
  server = await startSuite(folder, 'conformance-test');
  google = String(server.ready['google']);
  storage = String(server.ready['storage']);
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

describe.each(clients)("Google's client for %s", (_, id, make) => {
  let client: OfficialClient;
  let conversation: Conversation;
  const jobs = 'JobController';
  const batches = 'BatchController';

  beforeAll(() => {
    client = make(google, 'submitter-token');
    conversation = new Conversation(client);
  });
  afterAll(() => client.close());

  it('submits a job, watches it and finds what it printed', async () => {
    const jobId = `${id}-print`;
    const labels = { client: id };
    const submitted = await conversation.get(jobs, 'SubmitJob', {
      ...pysparkJob(jobId, 'noop.py', { labels }),
      requestId: `${id}-request`,
    });
    expect(submitted).toMatchObject({ reference: { projectId: 'local', jobId }, labels });
    const ended = await conversation.waitForJob(jobId, 'DONE', 'ERROR');
    expect(ended).toMatchObject({
      status: { state: 'DONE' },
      placement: {
        clusterName: 'suite',
        clusterUuid: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      },
      statusHistory: [{ state: 'PENDING' }, { state: 'SETUP_DONE' }, { state: 'RUNNING' }],
      done: true,
    });
    const output = await readDriverOutput(storage, ended['driverOutputResourceUri']);
    expect(output).toBe('nothing to do\n');
  });

  it('gets the first job for a request id, whatever else it asks', async () => {
    const again = { ...pysparkJob(`${id}-other`, 'fail.py'), requestId: `${id}-request` };
    const job = await conversation.get(jobs, 'SubmitJob', again);
    expect(job).toMatchObject({ reference: { jobId: `${id}-print` } });
  });

  it('is refused a job id that is taken', async () => {
    const again = { ...pysparkJob(`${id}-print`, 'noop.py'), requestId: `${id}-second` };
    expect(await conversation.refuse(jobs, 'SubmitJob', again)).toEqual(
      refusal(409, `Already exists: Failed to submit job: Job ${region}/jobs/${id}-print`),
    );
  });

  it('waits for a job that it submitted as an operation', async () => {
    const jobId = `${id}-operation`;
    const request = pysparkJob(jobId, 'noop.py');
    const name = await conversation.start(jobs, 'SubmitJobAsOperation', request);
    expect(name).toMatch(new RegExp(`^${region}/operations/[0-9a-f-]{36}$`));
    const again = { ...request, requestId: `${id}-again` };
    expect(await conversation.refuse(jobs, 'SubmitJobAsOperation', again)).toEqual(
      refusal(409, `Already exists: Failed to submit job: Job ${region}/jobs/${jobId}`),
    );
    await conversation.waitForJob(jobId, 'DONE');
    expect(await conversation.get(jobs, 'GetOperation', { name })).toMatchObject({
      name,
      done: true,
    });
    const listed = await conversation.list(jobs, 'ListOperations', {
      name: `${region}/operations`,
    });
    expect(listed.map((operation) => operation['name'])).toContain(name);
    const ended = await conversation.get(jobs, 'SubmitJobAsOperation', {
      ...pysparkJob(`${jobId}-2`, 'noop.py'),
    });
    expect(ended).toMatchObject({ reference: { jobId: `${jobId}-2` }, status: { state: 'DONE' } });
  });

  it('finds jobs by state and label, in pages', async () => {
    const filter = `status.state = NON_ACTIVE AND labels.client = ${id}`;
    await conversation.get(
      jobs,
      'SubmitJob',
      pysparkJob(`${id}-two`, 'noop.py', { labels: { client: id } }),
    );
    await conversation.waitForJob(`${id}-two`, 'DONE');
    const found = await conversation.list(jobs, 'ListJobs', { ...place, filter, pageSize: 1 });
    expect(found.map((job) => (job['reference'] as Json)['jobId']).sort()).toEqual([
      `${id}-print`,
      `${id}-two`,
    ]);
    expect(
      await conversation.refuse(jobs, 'ListJobs', { ...place, filter: 'colour = red' }),
    ).toEqual(refusal(400, 'is not one of status.state, clusterName, labels.KEY.'));
  });

  it('changes labels and nothing else', async () => {
    const request = { ...place, jobId: `${id}-two` };
    const job = { labels: { client: id, seen: 'yes' } };
    expect(
      await conversation.get(jobs, 'UpdateJob', { ...request, job, updateMask: 'labels' }),
    ).toMatchObject({ labels: job.labels });
    const refused = { ...request, job, updateMask: 'placement' };
    expect(await conversation.refuse(jobs, 'UpdateJob', refused)).toEqual(
      refusal(400, 'must be labels, the only field that can be updated.'),
    );
  });

  it('sees the reason of a failure', async () => {
    await conversation.get(jobs, 'SubmitJob', pysparkJob(`${id}-fail`, 'fail.py'));
    const ended = await conversation.waitForJob(`${id}-fail`, 'ERROR', 'DONE');
    expect(ended).toMatchObject({
      status: {
        state: 'ERROR',
        details: expect.stringContaining('ValueError: no rows in gs://x') as unknown,
      },
    });
  });

  it('cancels a job that runs, and deletes it only then', async () => {
    const name = { ...place, jobId: `${id}-hang` };
    await conversation.get(jobs, 'SubmitJob', pysparkJob(name.jobId, 'hang.py'));
    await conversation.waitForJob(name.jobId, 'RUNNING');
    expect(await conversation.refuse(jobs, 'DeleteJob', name)).toEqual(
      refusal(400, 'only a job in a terminal state can be deleted.'),
    );
    await conversation.get(jobs, 'CancelJob', name);
    expect(await conversation.waitForJob(name.jobId, 'CANCELLED')).toMatchObject({ done: true });
    await conversation.get(jobs, 'DeleteJob', name);
    expect(await conversation.refuse(jobs, 'GetJob', name)).toEqual(
      refusal(404, `Not found: Job ${region}/jobs/${name.jobId}`),
    );
  });

  it('creates a batch and waits for its operation', async () => {
    const pysparkBatch = { mainPythonFileUri: jobUri('noop.py') };
    const request = batch(`${id}-batch`, { pysparkBatch });
    const ended = await conversation.get(batches, 'CreateBatch', request);
    expect(ended).toMatchObject({ name: `${location}/batches/${id}-batch`, state: 'SUCCEEDED' });
    const { runtimeInfo } = ended as { readonly runtimeInfo: Json };
    expect(await readDriverOutput(storage, runtimeInfo['outputUri'])).toBe('nothing to do\n');
    expect(
      await conversation.refuse(batches, 'CreateBatch', batch(`${id}-batch`, { pysparkBatch })),
    ).toEqual(refusal(409, `Failed to create batch: Batch ${location}/batches/${id}-batch`));
    const listed = await conversation.list(batches, 'ListBatches', {
      parent: location,
      filter: `batch_id = "${id}-batch"`,
    });
    expect(listed).toMatchObject([{ name: `${location}/batches/${id}-batch` }]);
  });

  it('cancels a batch by its operation, and deletes it', async () => {
    const work = { pysparkBatch: { mainPythonFileUri: jobUri('hang.py') } };
    const name = `${location}/batches/${id}-long`;
    const operation = await conversation.start(batches, 'CreateBatch', batch(`${id}-long`, work));
    await conversation.cancel(batches, operation);
    await expect
      .poll(() => conversation.get(batches, 'GetBatch', { name }), { timeout: 60_000 })
      .toMatchObject({ state: 'CANCELLED' });
    // Source: google/rpc/code.proto, CANCELLED.
    expect(await conversation.get(batches, 'GetOperation', { name: operation })).toMatchObject({
      ...{ name: operation, done: true, error: { code: 1 } },
    });
    await conversation.get(batches, 'DeleteBatch', { name });
    expect(await conversation.refuse(batches, 'GetBatch', { name })).toEqual(
      refusal(404, `Not found: Batch ${name}`),
    );
  });

  it('reads clusters and cannot make one', async () => {
    const cluster = { clusterName: 'suite', labels: { env: 'test' }, status: { state: 'RUNNING' } };
    const service = 'ClusterController';
    expect(
      await conversation.get(service, 'GetCluster', { ...place, clusterName: 'suite' }),
    ).toMatchObject({ ...cluster, config: { configBucket: 'jobgate-staging' } });
    const filter = 'labels.env = test AND status.state = ACTIVE';
    expect(await conversation.list(service, 'ListClusters', { ...place, filter })).toMatchObject([
      cluster,
    ]);
    const made = { ...place, cluster: { projectId: 'local', clusterName: 'mine' } };
    expect(await conversation.refuse(service, 'CreateCluster', made)).toEqual({
      status: 501,
      message: expect.stringContaining(
        'The local Dataproc does not implement google.cloud.dataproc.v1.ClusterController.CreateCluster.',
      ) as unknown,
    });
  });

  it('is told which kind of job is not implemented', async () => {
    const job = { placement: { clusterName: 'suite' }, hiveJob: { queryFileUri: jobUri('q.sql') } };
    expect(await conversation.refuse(jobs, 'SubmitJob', { ...place, job })).toEqual({
      status: 501,
      message: expect.stringMatching(
        /hiveJob.*the local Dataproc does not implement it/,
      ) as unknown,
    });
  });

  it('is refused without a token that holds, and without the permission', async () => {
    const stranger = make(google, 'no-such-token');
    const reader = make(google, 'reader-token');
    const [unknown, unable] = [new Conversation(stranger), new Conversation(reader)];
    const request = pysparkJob(`${id}-never`, 'noop.py');
    // Of a 401 over REST google-auth says only that it cannot get another token.
    const said = id === 'pr' ? 'The credentials do not contain' : 'Request had invalid';
    expect(await unknown.refuse(jobs, 'SubmitJob', request)).toEqual(refusal(401, said));
    expect(await unable.refuse(jobs, 'SubmitJob', request)).toEqual({
      status: 403,
      message: expect.stringContaining("Permission 'dataproc.jobs.create' denied") as unknown,
    });
    await Promise.all([stranger.close(), reader.close()]);
  });
});
