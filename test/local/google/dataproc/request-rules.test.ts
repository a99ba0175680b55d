import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseList, parseObject, parseText } from '../../../../local/google/shape.ts';
import { makeGrpcClients } from '../official-clients.ts';
import { readObjects, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { cluster, errorOf, type JobCalls, makeJob, makeJobCalls, region } from './sample-job.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let jobs: JobCalls;
let others: JobCalls;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'request-rules-test', clusters: [cluster] });
  jobs = makeJobCalls(String(server.ready['google']));
  others = makeJobCalls(String(server.ready['google']), 'owner-token');
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

async function putObject(uri: string, body: string): Promise<void> {
  const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  const uploads = `${String(server.ready['storage'])}/upload/storage/v1/b/${bucket}/o`;
  const url = `${uploads}?uploadType=media&name=${encodeURIComponent(name)}`;
  const reply = await send(url, { method: 'POST', token: 'owner-token', body });
  expect(reply.status).toBe(200);
}

describe('a job id that is used again after its job was deleted', () => {
  it('shows the output of the later job alone', async () => {
    const submitAndRead = async (file: string, state: string) => {
      await jobs.submit(makeJob('again', file));
      const { driverOutputResourceUri } = await jobs.waitForState('again', state);
      const uri = parseText(driverOutputResourceUri, 'driverOutputResourceUri');
      return { uri, parts: await readObjects(String(server.ready['storage']), uri, 'owner-token') };
    };
    const first = await submitAndRead('fail.py', 'ERROR');
    expect(first.parts.map(({ text }) => text).join('')).toContain('ValueError');
    await jobs.call('DELETE', 'jobs/again');
    await putObject(`${first.uri}.000000007`, 'a part that only a longer run has');
    const second = await submitAndRead('noop.py', 'DONE');
    expect(second.uri).toBe(first.uri);
    const output = second.parts.map(({ text }) => text).join('');
    expect(output).toMatch(/^[^\n]* driver pid [^\n]*\nnothing to do\n$/);
  });
});

describe('a request id', () => {
  it('answers with the first job before anything else of the request is read', async () => {
    await jobs.submit(makeJob('first', 'noop.py'), { requestId: 'r-1' });
    const replay = await jobs.submit({ reference: { jobId: '?' } }, { requestId: 'r-1' });
    expect(replay.body).toMatchObject({ reference: { jobId: 'first' } });
  });

  it("is its sender's own", async () => {
    await jobs.submit(makeJob('mine', 'noop.py'), { requestId: 'r-2' });
    const reply = await others.submit(makeJob('yours', 'noop.py'), { requestId: 'r-2' });
    expect(reply.body).toMatchObject({ reference: { jobId: 'yours' } });
    const replay = await others.submit(makeJob('third', 'noop.py'), { requestId: 'r-2' });
    expect(replay.body).toMatchObject({ reference: { jobId: 'yours' } });
  });
});

describe('a placement with a name and labels', () => {
  const submit = (jobId: string, clusterLabels: object) =>
    jobs.submit(makeJob(jobId, 'noop.py', { placement: { clusterName: 'c1', clusterLabels } }));

  it('takes the cluster that has both', async () => {
    const reply = await submit('placed', { env: 'local' });
    expect(reply.body).toMatchObject({
      placement: { clusterName: 'c1', clusterLabels: { env: 'local' } },
    });
  });

  it('that contradict each other is refused', async () => {
    expect(errorOf(await submit('misplaced', { env: 'other' }))).toEqual({
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: 'The cluster c1 has not all of the clusterLabels.',
    });
  });
});

describe("the labels of a workflow's job", () => {
  it("lose none of Dataproc's own when they are updated", async () => {
    const pysparkJob = { mainPythonFileUri: 'gs://jobgate-staging/jobs/noop.py' };
    await jobs.call('POST', 'workflowTemplates:instantiateInline', {
      id: 'labelled',
      placement: { clusterSelector: { clusterLabels: { env: 'local' } } },
      jobs: [{ stepId: 'only', pysparkJob, labels: { team: 'a' } }],
    });
    const job = await waitFor(async () => {
      const page = parseObject((await jobs.call('GET', 'jobs')).body, 'the page');
      const listed = parseList(page['jobs'], 'jobs', parseObject);
      return listed.find(({ labels }) => 'team' in parseObject(labels ?? {}, 'labels'));
    });
    const { team, ...own } = parseObject(job['labels'], 'labels');
    expect(team).toBe('a');
    expect(own).toMatchObject({
      'goog-dataproc-workflow-template-id': 'labelled',
      'goog-dataproc-workflow-step-id': 'only',
    });
    const id = parseText(parseObject(job['reference'], 'reference')['jobId'], 'jobId');
    const updated = await jobs.call('PATCH', `jobs/${id}?updateMask=labels`, {
      labels: { team: 'b' },
    });
    expect(parseObject(updated.body, 'the job')['labels']).toEqual({ ...own, team: 'b' });
  });
});

describe('a template with a time that JSON cannot say', () => {
  it('is refused over gRPC, and the list of templates stays whole', async () => {
    const clients = makeGrpcClients(String(server.ready['google']), 'submitter-token');
    const lifecycleConfig = { autoDeleteTime: { seconds: 9e15 } };
    const placement = { managedCluster: { clusterName: 'c', config: { lifecycleConfig } } };
    const pysparkJob = { mainPythonFileUri: 'gs://jobgate-staging/jobs/noop.py' };
    const template = { id: 'timeless', placement, jobs: [{ stepId: 'only', pysparkJob }] };
    const create = clients.workflows.createWorkflowTemplate({ parent: region, template });
    await expect(create).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining('autoDeleteTime must be a Timestamp from ') as string,
    });
    await clients.close();
    expect((await jobs.call('GET', 'workflowTemplates')).status).toBe(200);
  });
});
