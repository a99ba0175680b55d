import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, parent, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { makeGrpcClients, makeRestClients, type OfficialClients } from '../official-clients.ts';
import { cluster, region } from './sample-job.ts';

const [folder, removeFolder] = makeFolder();
const place = { projectId: 'local', region: 'us-central1' };
let server: LocalServer;

beforeAll(async () => {
  const changes = { clusters: [cluster], batchLabelFilter: true };
  server = await startGoogle(folder, { run: 'dataproc-clients-test', ...changes });
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

const pysparkJob = { mainPythonFileUri: 'gs://jobgate-staging/jobs/noop.py' };

describe.each([
  ['gRPC', 'grpc', makeGrpcClients],
  ['REST', 'rest', makeRestClients],
] as const)('the official Node clients over %s', (_, id, makeClients) => {
  let clients: OfficialClients;

  beforeAll(() => {
    clients = makeClients(String(server.ready['google']), 'submitter-token');
  });

  afterAll(async () => {
    await clients.close();
  });

  it('submit, get, list, change and delete a job', async () => {
    const jobId = `${id}-1`;
    const job = {
      reference: { jobId },
      placement: { clusterName: 'c1' },
      pysparkJob,
      labels: { via: id },
    };
    const [submitted] = await clients.jobs.submitJob({ ...place, job, requestId: jobId });
    const [replayed] = await clients.jobs.submitJob({ ...place, job, requestId: jobId });
    expect(replayed.jobUuid).toBe(submitted.jobUuid);
    await waitFor(async () => {
      const [found] = await clients.jobs.getJob({ ...place, jobId });
      return found.done === true ? found : undefined;
    });
    const filter = `status.state = NON_ACTIVE AND labels.via = ${id}`;
    const [listed] = await clients.jobs.listJobs({ ...place, filter });
    expect(listed.map(({ reference }) => reference?.jobId)).toEqual([jobId]);
    const updateMask = { paths: ['labels'] };
    const changes = { job: { labels: { via: 'other' } }, updateMask };
    const [changed] = await clients.jobs.updateJob({ ...place, jobId, ...changes });
    expect(changed.labels).toEqual({ via: 'other' });
    await expect(clients.jobs.cancelJob({ ...place, jobId })).rejects.toThrow(
      `Cannot cancel jobId '${jobId}'`,
    );
    await clients.jobs.deleteJob({ ...place, jobId });
    await expect(clients.jobs.getJob({ ...place, jobId })).rejects.toThrow('Not found: Job ');
  });

  it('wait for a job that was submitted as an operation', async () => {
    const job = { placement: { clusterName: 'c1' }, pysparkJob };
    const [operation] = await clients.jobs.submitJobAsOperation({ ...place, job });
    const [ended] = await operation.promise();
    expect(ended).toMatchObject({ done: true, placement: { clusterName: 'c1' } });
  });

  it('create a batch, wait for its end and get an error for a second one of that name', async () => {
    const executionConfig = { serviceAccount: accounts.runtime };
    const environmentConfig = { executionConfig };
    const batch = { pysparkBatch: pysparkJob, environmentConfig, labels: { via: id } };
    const request = { parent, batchId: `${id}-batch`, batch };
    const name = `${parent}/batches/${id}-batch`;
    const [operation] = await clients.batches.createBatch(request);
    const [ended] = await operation.promise();
    expect(ended).toMatchObject({ name, state: 5 });
    await expect(clients.batches.createBatch(request)).rejects.toThrow(
      `Already exists: Failed to create batch: Batch ${name}`,
    );
    const [listed] = await clients.batches.listBatches({
      ...{ parent, filter: `labels.via = ${id}` },
    });
    expect(listed.map((item) => item.name)).toEqual([name]);
  });

  it('get and list clusters', async () => {
    const [found] = await clients.clusters.getCluster({ ...place, clusterName: 'c1' });
    expect(found.config?.gceClusterConfig?.serviceAccount).toBe(accounts.runtime);
    const [listed] = await clients.clusters.listClusters({ ...place, filter: 'clusterName = c1' });
    expect(listed.map(({ clusterName }) => clusterName)).toEqual(['c1']);
  });

  it('make, change and run a workflow template', async () => {
    const name = `${region}/workflowTemplates/${id}-flow`;
    const placement = { clusterSelector: { clusterLabels: { env: 'local' } } };
    const template = { id: `${id}-flow`, placement, jobs: [{ stepId: 'only', pysparkJob }] };
    await clients.workflows.createWorkflowTemplate({ parent: region, template });
    const labels = { via: id };
    const change = { template: { ...template, name, version: 1, labels } };
    const [changed] = await clients.workflows.updateWorkflowTemplate(change);
    expect(changed).toMatchObject({ version: 2, labels });
    const [operation] = await clients.workflows.instantiateWorkflowTemplate({ name, version: 2 });
    await operation.promise();
    expect(operation.metadata).toMatchObject({ template: name, version: 2 });
    const [listed] = await clients.workflows.listWorkflowTemplates({ parent: region });
    expect(listed.map((item) => item.name)).toContain(name);
    await clients.workflows.deleteWorkflowTemplate({ name });
  });
});
