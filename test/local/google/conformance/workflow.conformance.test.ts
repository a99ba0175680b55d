import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import type { Json, OfficialClient } from './official-client.ts';
import { Conversation, jobUri, place, readDriverOutput, region } from './scenario.ts';
import { compileJar, makeConfiguration } from '../spark/engine.ts';
import { clients, refusal, startSuite } from './suite.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;
let storage: string;

beforeAll(async () => {
  server = await startSuite(folder, 'workflow-conformance-test');
  google = String(server.ready['google']);
  storage = String(server.ready['storage']);
  await storeJar();
});

/** Stores a program of the JVM as gs://jobgate-staging/probe.jar. */
async function storeJar(): Promise<void> {
  const jar = await compileJar(folder, makeConfiguration(folder).toolchain);
  const objects = `${storage}/upload/storage/v1/b/jobgate-staging/o`;
  const { status } = await fetch(`${objects}?uploadType=media&name=probe.jar`, {
    method: 'POST',
    headers: { authorization: 'Bearer owner-token' },
    body: readFileSync(jar),
  });
  expect(status).toBe(200);
}

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

describe.each(clients)("Google's client for %s", (_, id, make) => {
  let client: OfficialClient;
  let conversation: Conversation;
  const jobs = 'JobController';
  const workflows = 'WorkflowTemplateService';

  beforeAll(() => {
    client = make(google, 'submitter-token');
    conversation = new Conversation(client);
  });
  afterAll(() => client.close());

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

  it('keeps a workflow template, changes it and instantiates it with values', async () => {
    const name = `${region}/workflowTemplates/${id}-template`;
    const template = {
      id: `${id}-template`,
      placement: { clusterSelector: { clusterLabels: { env: 'test' } } },
      jobs: [{ stepId: 'only', pysparkJob: { mainPythonFileUri: jobUri('noop.py'), args: ['x'] } }],
      parameters: [{ name: 'WORD', fields: ["jobs['only'].pysparkJob.args[0]"] }],
    };
    const create = { parent: region, template };
    const created = await conversation.get(workflows, 'CreateWorkflowTemplate', create);
    expect(created).toMatchObject({ name, version: 1 });
    expect(await conversation.refuse(workflows, 'CreateWorkflowTemplate', create)).toEqual(
      refusal(409, `Workflow template ${name}`),
    );
    const change = { template: { ...template, name, version: 1, labels: { client: id } } };
    const changed = await conversation.get(workflows, 'UpdateWorkflowTemplate', change);
    expect(changed).toMatchObject({ name, version: 2, labels: { client: id } });
    expect(await conversation.refuse(workflows, 'UpdateWorkflowTemplate', change)).toEqual(
      refusal(409, `The workflow template ${name} has version 2, not 1.`),
    );
    const listed = await conversation.list(workflows, 'ListWorkflowTemplates', { parent: region });
    expect(listed).toMatchObject([{ name, version: 2 }]);
    expect(await conversation.get(workflows, 'GetWorkflowTemplate', { name })).toEqual(listed[0]);

    expect(await conversation.refuse(workflows, 'InstantiateWorkflowTemplate', { name })).toEqual(
      refusal(400, 'The parameter WORD has no value.'),
    );
    const parameters = { WORD: `owl of ${id}` };
    await conversation.get(workflows, 'InstantiateWorkflowTemplate', { name, parameters });
    const filter = `labels.goog-dataproc-workflow-template-id = ${id}-template`;
    expect(await conversation.list(jobs, 'ListJobs', { ...place, filter })).toMatchObject([
      {
        ...{ status: { state: 'DONE' }, placement: { clusterName: 'suite' } },
        pysparkJob: { args: [`owl of ${id}`] },
      },
    ]);
    await conversation.get(workflows, 'DeleteWorkflowTemplate', { name });
    expect(await conversation.refuse(workflows, 'GetWorkflowTemplate', { name })).toEqual(
      refusal(404, `Not found: Workflow template ${name}`),
    );
  });
});

/** Each language once: what the driver does is the same for all of them. */
describe.each([clients[0], clients[3]])("Google's client for %s", (_, id, make) => {
  let client: OfficialClient;
  let conversation: Conversation;

  beforeAll(() => {
    client = make(google, 'submitter-token');
    conversation = new Conversation(client);
  });
  afterAll(() => client.close());

  async function run(jobId: string, work: Json): Promise<string> {
    const job = { reference: { jobId }, placement: { clusterName: 'suite' }, ...work };
    await conversation.get('JobController', 'SubmitJob', { ...place, job });
    const ended = await conversation.waitForJob(jobId, 'DONE', 'ERROR');
    expect(ended).toMatchObject({ status: { state: 'DONE' }, ...work });
    return readDriverOutput(storage, ended['driverOutputResourceUri']);
  }

  it('submits a program in a jar, and SQL', async () => {
    const mainJarFileUri = 'gs://jobgate-staging/probe.jar';
    const queryList = { queries: ['SELECT 6 * 7, ${hivevar:who}'] };
    const [jar, sql] = await Promise.all([
      run(`${id}-jar`, { sparkJob: { mainJarFileUri, args: ['3', 'you'] } }),
      run(`${id}-sql`, { sparkSqlJob: { queryList, scriptVariables: { who: "'owl'" } } }),
    ]);
    expect(jar).toContain('3 rows, hello you');
    expect(sql).toContain('42\towl\n');
  });
});
