import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseList, parseObject, type Table } from '../../../../local/google/shape.ts';
import { accounts, type Reply, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, errorOf, type JobCalls, makeJobCalls } from './sample-job.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let calls: JobCalls;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'workflows-test', clusters: [cluster] });
  calls = makeJobCalls(String(server.ready['google']));
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

function makeStep(stepId: string, file: string, prerequisiteStepIds: readonly string[] = []) {
  const mainPythonFileUri = `gs://jobgate-staging/jobs/${file}`;
  return { stepId, prerequisiteStepIds, pysparkJob: { mainPythonFileUri } };
}

function makeTemplate(jobs: readonly object[], rest: Table = {}): Table {
  const gceClusterConfig = { serviceAccount: accounts.runtime };
  const managedCluster = { clusterName: 'flow', config: { gceClusterConfig } };
  return { placement: { managedCluster }, jobs, ...rest };
}

function instantiateInline(template: Table, query = ''): Promise<Reply> {
  return calls.call('POST', `workflowTemplates:instantiateInline${query}`, template);
}

async function getOperation(started: Reply): Promise<Table> {
  const name = String(parseObject(started.body, 'the operation')['name']);
  const reply = await calls.call('GET', name.replace(/^.*\/(?=operations)/, ''));
  return parseObject(reply.body, 'the operation');
}

function waitForEnd(started: Reply): Promise<Table> {
  return waitFor(async () => {
    const operation = await getOperation(started);
    return operation['done'] === true ? operation : undefined;
  });
}

function metadataOf(operation: Table): Table {
  return parseObject(operation['metadata'], 'the metadata');
}

function nodesOf(operation: Table): readonly Table[] {
  const graph = parseObject(metadataOf(operation)['graph'], 'the graph');
  return parseList(graph['nodes'], 'the nodes', parseObject);
}

function nodeStatesOf(operation: Table): readonly string[] {
  return nodesOf(operation).map((node) => `${String(node['stepId'])} ${String(node['state'])}`);
}

async function clusterNames(): Promise<readonly string[]> {
  const page = parseObject((await calls.call('GET', 'clusters')).body, 'the page');
  const clusters = parseList(page['clusters'], 'clusters', parseObject);
  return clusters.map(({ clusterName }) => String(clusterName));
}

async function cancel(started: Reply): Promise<void> {
  const name = String(parseObject(started.body, 'the operation')['name']);
  await calls.call('POST', `${name.replace(/^.*\/(?=operations)/, '')}:cancel`, {});
}

describe('a workflow', () => {
  it('runs its steps in their order on a cluster that is gone at the end', async () => {
    const steps = [
      makeStep('last', 'noop.py', ['first', 'second']),
      makeStep('first', 'noop.py'),
      makeStep('second', 'noop.py', ['first']),
    ];
    const started = await instantiateInline(makeTemplate(steps, { labels: { team: 'a' } }));
    expect(started.status).toBe(200);
    const name = String(metadataOf(parseObject(started.body, 'operation'))['clusterName']);
    expect(name).toMatch(/^flow-[a-z0-9]{13}$/);
    expect(await clusterNames()).toEqual([name, 'c1']);
    expect((await calls.call('GET', `clusters/${name}`)).body).toMatchObject({
      config: { gceClusterConfig: { serviceAccount: accounts.runtime } },
      labels: {
        team: 'a',
        'goog-dataproc-workflow-template-id': expect.stringContaining('inline-') as unknown,
      },
    });
    const operation = await waitForEnd(started);
    expect(nodeStatesOf(operation)).toEqual([
      ...['last COMPLETED', 'first COMPLETED', 'second COMPLETED'],
    ]);
    expect(operation).toMatchObject({
      metadata: {
        '@type': 'type.googleapis.com/google.cloud.dataproc.v1.WorkflowMetadata',
        state: 'DONE',
        createCluster: { done: true },
        deleteCluster: { done: true },
      },
      response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
    });
    expect(await clusterNames()).toEqual(['c1']);
    const jobs = await Promise.all(nodesOf(operation).map(({ jobId }) => calls.get(String(jobId))));
    const starts = jobs.map((job) => {
      const [first] = parseList(job['statusHistory'], 'history', parseObject);
      return String(first?.['stateStartTime']);
    });
    expect(starts.toSorted()).toEqual([starts[1], starts[2], starts[0]]);
    expect(jobs[0]).toMatchObject({
      placement: { clusterName: name },
      labels: { team: 'a', 'goog-dataproc-workflow-step-id': 'last' },
    });
  });

  it('one step of which fails stops the others and says which it was', async () => {
    const steps = [
      makeStep('bad', 'fail.py'),
      makeStep('peer', 'hang.py'),
      makeStep('next', 'noop.py', ['bad']),
    ];
    const operation = await waitForEnd(await instantiateInline(makeTemplate(steps)));
    expect(nodeStatesOf(operation)).toEqual(['bad FAILED', 'peer FAILED', 'next FAILED']);
    const { code, message } = parseObject(operation['error'], 'the error');
    expect(code).toBe(13);
    expect(String(message)).toContain('step bad failed: Job failed with message [ValueError:');
    expect(nodesOf(operation)[2]?.['jobId']).toBeUndefined();
    expect(await clusterNames()).toEqual(['c1']);
  });

  it('that is cancelled cancels what runs, deletes its cluster and is CANCELLED', async () => {
    const started = await instantiateInline(makeTemplate([makeStep('hangs', 'hang.py')]));
    const running = await waitFor(async () => {
      const [node] = nodesOf(await getOperation(started));
      return node?.['state'] === 'RUNNING' ? node : undefined;
    });
    await calls.waitForState(String(running['jobId']), 'RUNNING');
    await cancel(started);
    const operation = await waitForEnd(started);
    expect(operation).toMatchObject({
      error: { code: 1, message: 'The workflow was cancelled.' },
      metadata: { state: 'DONE' },
    });
    expect(await calls.get(String(running['jobId']))).toMatchObject({
      status: { state: 'CANCELLED' },
    });
    expect(await clusterNames()).toEqual(['c1']);
  });

  it('is one while it runs, for all requests with its request id, and another one later', async () => {
    const template = makeTemplate([makeStep('hangs', 'hang.py')]);
    const started = await instantiateInline(template, '?requestId=once');
    const name = String(parseObject(started.body, 'operation')['name']);
    expect((await instantiateInline(template, '?requestId=once')).body).toMatchObject({ name });
    await cancel(started);
    await waitForEnd(started);
    const later = await instantiateInline(template, '?requestId=once');
    expect(parseObject(later.body, 'operation')['name']).not.toBe(name);
    await cancel(later);
    await waitForEnd(later);
  });

  it('runs on the cluster that its labels select', async () => {
    const placement = { clusterSelector: { clusterLabels: { env: 'local' } } };
    const template = makeTemplate([makeStep('here', 'noop.py')], { placement });
    const operation = await waitForEnd(await instantiateInline(template));
    expect(await calls.get(String(nodesOf(operation)[0]?.['jobId']))).toMatchObject({
      placement: { clusterName: 'c1' },
    });
  });

  it('whose cluster is to run as an account needs to act as that account', async () => {
    const config = { gceClusterConfig: { serviceAccount: accounts.signer } };
    const placement = { managedCluster: { clusterName: 'flow', config } };
    const reply = await instantiateInline(
      makeTemplate([makeStep('here', 'noop.py')], { placement }),
    );
    expect(errorOf(reply)).toMatchObject({
      status: 'PERMISSION_DENIED',
      message: `Permission 'iam.serviceAccounts.actAs' denied on service account ${accounts.signer} (or it may not exist).`,
    });
  });
});

describe('a call of WorkflowTemplateService', () => {
  it('without the permission is denied, and the permission named', async () => {
    const reader = makeJobCalls(String(server.ready['google']), 'reader-token');
    const template = makeTemplate([makeStep('here', 'noop.py')]);
    const inline = 'workflowTemplates:instantiateInline';
    for (const [path, permission] of [
      ['workflowTemplates', 'create'],
      [inline, 'instantiateInline'],
    ] as const)
      expect(errorOf(await reader.call('POST', path, { id: 'denied', ...template }))).toMatchObject(
        {
          message:
            `Permission 'dataproc.workflowTemplates.${permission}' denied on resource ` +
            "'//dataproc.googleapis.com/projects/local/regions/us-central1' (or it may not exist).",
        },
      );
  });

  it('takes templates that live in a location as well', async () => {
    const parent = `${String(server.ready['google'])}/v1/projects/local/locations/us-central1`;
    const token = 'submitter-token';
    const template = { id: 'located', ...makeTemplate([makeStep('only', 'noop.py')]) };
    const url = `${parent}/workflowTemplates`;
    const created = await send(url, { method: 'POST', token, body: template });
    expect(created.body).toMatchObject({
      name: 'projects/local/locations/us-central1/workflowTemplates/located',
    });
    expect((await calls.call('GET', 'workflowTemplates/located')).body).toEqual(created.body);
  });
});

describe('a workflow template', () => {
  const parameters = [
    {
      name: 'FILE',
      fields: ["jobs['only'].pysparkJob.mainPythonFileUri", "jobs['only'].labels['file']"],
      validation: { regex: { regexes: ['gs://.*|[a-z]+'] } },
    },
  ];
  const step = { ...makeStep('only', 'x'), labels: { file: 'x' } };

  it('has versions, of which an update names the present one', async () => {
    const template = { id: 'versions', ...makeTemplate([makeStep('only', 'noop.py')]) };
    const created = await calls.call('POST', 'workflowTemplates', template);
    expect(created.body).toMatchObject({
      id: 'versions',
      name: 'projects/local/regions/us-central1/workflowTemplates/versions',
      version: 1,
    });
    expect((await calls.call('POST', 'workflowTemplates', template)).status).toBe(409);
    const path = 'workflowTemplates/versions';
    const update = (version: number) =>
      calls.call('PUT', path, { ...template, labels: { team: 'b' }, version });
    expect((await update(1)).body).toMatchObject({ version: 2, labels: { team: 'b' } });
    expect(errorOf(await update(1))).toMatchObject({ status: 'ABORTED' });
    expect((await update(0)).status).toBe(400);
    expect((await calls.call('GET', `${path}?version=1`)).status).toBe(404);
    expect((await calls.call('POST', `${path}:instantiate`, { version: 1 })).status).toBe(409);
    const { body } = await calls.call('GET', 'workflowTemplates');
    expect(
      parseList(parseObject(body, 'page')['templates'], 'templates', parseObject)[0],
    ).toMatchObject({ id: 'versions', version: 2 });
    expect((await calls.call('DELETE', `${path}?version=1`)).status).toBe(409);
    expect((await calls.call('DELETE', path)).body).toEqual({});
    expect((await calls.call('GET', path)).status).toBe(404);
  });

  it('runs with the values of its parameters', async () => {
    const template = { id: 'values', ...makeTemplate([step], { parameters: [] }) };
    const only = {
      ...parameters[0],
      fields: ["jobs['only'].pysparkJob.mainPythonFileUri"],
    };
    await calls.call('POST', 'workflowTemplates', { ...template, parameters: [only] });
    const path = 'workflowTemplates/values';
    const FILE = 'gs://jobgate-staging/jobs/noop.py';
    const started = await calls.call('POST', `${path}:instantiate`, { parameters: { FILE } });
    const operation = await waitForEnd(started);
    expect(metadataOf(operation)).toMatchObject({ parameters: { FILE }, version: 1 });
    expect(await calls.get(String(nodesOf(operation)[0]?.['jobId']))).toMatchObject({
      pysparkJob: { mainPythonFileUri: FILE },
      labels: { file: 'x', 'goog-dataproc-workflow-template-id': 'values' },
    });
  });

  it.each([
    ['no value', {}, 'The parameter FILE has no value.'],
    ['a value that does not match', { FILE: '1' }, 'does not match its regular expression.'],
    ['an unknown parameter', { FILE: 'x', OTHER: 'x' }, 'The template has no parameter "OTHER".'],
    ['a value that makes no job', { FILE: 'abc' }, 'must be like gs://bucket/name'],
  ])('refuses %s', async (_, values, message) => {
    await calls.call('POST', 'workflowTemplates', {
      ...{ id: 'refused', ...makeTemplate([step], { parameters }) },
    });
    const path = 'workflowTemplates/refused:instantiate';
    const reply = await calls.call('POST', path, { parameters: values });
    expect(reply.status).toBe(400);
    expect(parseObject(errorOf(reply), 'the error')['message']).toContain(message);
  });
});
