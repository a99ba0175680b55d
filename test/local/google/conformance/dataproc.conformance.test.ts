import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { makeNodeClient } from './node-client.ts';
import type { Json, OfficialClient } from './official-client.ts';
import { startPythonClient } from './python-client.ts';
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

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;
let storage: string;

beforeAll(async () => {
  server = await startGoogle(folder, {
    run: 'conformance-test',
    clusters: [
      {
        name: 'suite',
        stagingBucket: 'jobgate-staging',
        serviceAccount: accounts.runtime,
        labels: { env: 'test' },
      },
    ],
  });
  google = String(server.ready['google']);
  storage = String(server.ready['storage']);
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

type Make = (token: string) => OfficialClient;
const clients: readonly (readonly [name: string, id: string, make: Make])[] = [
  ['Node over gRPC', 'ng', (token) => makeNodeClient('grpc', google, token)],
  ['Node over REST', 'nr', (token) => makeNodeClient('rest', google, token)],
  ['Python over gRPC', 'pg', (token) => startPythonClient('grpc', google, token)],
  ['Python over REST', 'pr', (token) => startPythonClient('rest', google, token)],
];

describe.each(clients)("Google's client for %s", (_, id, make) => {
  let client: OfficialClient;
  let conversation: Conversation;
  const jobs = 'JobController';
  const batches = 'BatchController';
  const workflows = 'WorkflowTemplateService';

  beforeAll(() => {
    client = make('submitter-token');
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
    const { status, message } = (await conversation.refuse(jobs, 'SubmitJob', again)) as {
      readonly status: number;
      readonly message: string;
    };
    expect(status).toBe(409);
    expect(message).toContain(
      `Already exists: Failed to submit job: Job ${region}/jobs/${id}-print`,
    );
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
    ).toMatchObject({ status: 400 });
  });

  it('changes labels and nothing else', async () => {
    const request = { ...place, jobId: `${id}-two` };
    const job = { labels: { client: id, seen: 'yes' } };
    expect(
      await conversation.get(jobs, 'UpdateJob', { ...request, job, updateMask: 'labels' }),
    ).toMatchObject({ labels: job.labels });
    const refused = { ...request, job, updateMask: 'placement' };
    expect(await conversation.refuse(jobs, 'UpdateJob', refused)).toMatchObject({ status: 400 });
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
    expect(await conversation.refuse(jobs, 'DeleteJob', name)).toMatchObject({ status: 400 });
    await conversation.get(jobs, 'CancelJob', name);
    expect(await conversation.waitForJob(name.jobId, 'CANCELLED')).toMatchObject({ done: true });
    await conversation.get(jobs, 'DeleteJob', name);
    expect(await conversation.refuse(jobs, 'GetJob', name)).toMatchObject({ status: 404 });
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
    ).toMatchObject({ status: 409 });
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
    const token = 'submitter-token';
    await send(`${google}/v1/${operation}:cancel`, { method: 'POST', token, body: {} });
    await expect
      .poll(() => conversation.get(batches, 'GetBatch', { name }), { timeout: 60_000 })
      .toMatchObject({ state: 'CANCELLED' });
    await conversation.get(batches, 'DeleteBatch', { name });
    expect(await conversation.refuse(batches, 'GetBatch', { name })).toMatchObject({ status: 404 });
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

  it('runs a workflow in order, on a cluster that is gone at the end', async () => {
    const step = (stepId: string, prerequisiteStepIds: readonly string[]) => ({
      stepId,
      prerequisiteStepIds,
      pysparkJob: { mainPythonFileUri: jobUri('noop.py') },
    });
    const config = { gceClusterConfig: { serviceAccount: accounts.runtime } };
    const managedCluster = { clusterName: `${id}-flow`, config };
    const template = {
      placement: { managedCluster },
      jobs: [step('one', []), step('two', ['one'])],
    };
    await conversation.get(workflows, 'InstantiateInlineWorkflowTemplate', {
      parent: region,
      template,
    });
    const all = await conversation.list(jobs, 'ListJobs', place);
    const own = all.filter((job) =>
      String((job['placement'] as Json)['clusterName']).startsWith(`${id}-flow`),
    );
    const steps = own.map((job) => ({
      step: (job['labels'] as Json)['goog-dataproc-workflow-step-id'],
      state: (job['status'] as Json)['state'],
    }));
    expect(steps.toSorted((a, b) => String(a.step).localeCompare(String(b.step)))).toEqual([
      { step: 'one', state: 'DONE' },
      { step: 'two', state: 'DONE' },
    ]);
    const clusters = await conversation.list('ClusterController', 'ListClusters', place);
    expect(clusters.map((cluster) => cluster['clusterName'])).toEqual(['suite']);
  });

  it('keeps a workflow template and instantiates it', async () => {
    const name = `${region}/workflowTemplates/${id}-template`;
    const job = { stepId: 'only', pysparkJob: { mainPythonFileUri: jobUri('noop.py') } };
    const clusterSelector = { clusterLabels: { env: 'test' } };
    const template = { id: `${id}-template`, placement: { clusterSelector }, jobs: [job] };
    expect(
      await conversation.get(workflows, 'CreateWorkflowTemplate', { parent: region, template }),
    ).toMatchObject({ name, version: 1 });
    expect(await conversation.get(workflows, 'GetWorkflowTemplate', { name })).toMatchObject({
      name,
    });
    await conversation.get(workflows, 'InstantiateWorkflowTemplate', { name });
    const labelled = `labels.goog-dataproc-workflow-template-id = ${id}-template`;
    expect(await conversation.list(jobs, 'ListJobs', { ...place, filter: labelled })).toMatchObject(
      [{ status: { state: 'DONE' }, placement: { clusterName: 'suite' } }],
    );
    await conversation.get(workflows, 'DeleteWorkflowTemplate', { name });
    expect(await conversation.refuse(workflows, 'GetWorkflowTemplate', { name })).toMatchObject({
      status: 404,
    });
  });

  it('is refused without a token that holds, and without the permission', async () => {
    const stranger = make('no-such-token');
    const reader = make('reader-token');
    const [unknown, unable] = [new Conversation(stranger), new Conversation(reader)];
    const request = pysparkJob(`${id}-never`, 'noop.py');
    expect(await unknown.refuse(jobs, 'SubmitJob', request)).toMatchObject({ status: 401 });
    expect(await unable.refuse(jobs, 'SubmitJob', request)).toEqual({
      status: 403,
      message: expect.stringContaining("Permission 'dataproc.jobs.create' denied") as unknown,
    });
    await Promise.all([stranger.close(), reader.close()]);
  });
});
