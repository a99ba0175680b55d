import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseObject, type Table } from '../../../../local/google/shape.ts';
import {
  accounts,
  listProcesses,
  makeBatch,
  parent,
  readObjects,
  type Reply,
  send,
  startGoogle,
  waitFor,
} from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const run = 'dataproc-test';
let server: LocalServer;
let google: string;
let storage: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run });
  google = `${String(server.ready['google'])}/v1`;
  storage = String(server.ready['storage']);
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

function create(batchId: string, batch: Table, options: { token?: string; query?: string } = {}) {
  const { token = 'submitter-token', query = '' } = options;
  const url = `${google}/${parent}/batches?batchId=${batchId}${query}`;
  return send(url, { method: 'POST', token, body: batch });
}

async function get(batchId: string): Promise<Table> {
  const reply = await send(`${google}/${parent}/batches/${batchId}`, { token: 'reader-token' });
  return parseObject(reply.body, 'the batch');
}

function waitForState(batchId: string, state: string): Promise<Table> {
  return waitFor(async () => {
    const batch = await get(batchId);
    return batch['state'] === state ? batch : undefined;
  });
}

function outputUri(batch: Table): string {
  return String(parseObject(batch['runtimeInfo'], 'runtimeInfo')['outputUri']);
}

async function readOutput(batch: Table): Promise<string> {
  const objects = await readObjects(storage, `${outputUri(batch)}.`, 'reader-token');
  return objects.map(({ text }) => text).join('');
}

function errorOf(reply: Reply): unknown {
  return parseObject(reply.body, 'the error')['error'];
}

describe('a batch', () => {
  it('runs on Spark, shows its output while it runs, and ends it with an empty object', async () => {
    const go = 'gs://jobgate-data/go/count';
    const reply = await create('count-1', makeBatch('count.py', [go, 'gs://jobgate-results/c/']));
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      metadata: {
        '@type': 'type.googleapis.com/google.cloud.dataproc.v1.BatchOperationMetadata',
        batch: `${parent}/batches/count-1`,
        operationType: 'BATCH',
      },
    });
    const running = await waitForState('count-1', 'RUNNING');
    await waitFor(async () =>
      (await readOutput(running)).includes(`waiting for ${go}`) ? true : undefined,
    );
    expect(await get('count-1')).toMatchObject({ state: 'RUNNING' });
    const upload = `${storage}/upload/storage/v1/b/jobgate-data/o?uploadType=media&name=go/count`;
    await send(upload, { method: 'POST', token: 'reader-token', body: 'go' });
    const ended = await waitForState('count-1', 'SUCCEEDED');
    expect(ended).toMatchObject({
      creator: accounts.submitter,
      runtimeConfig: { version: '2.3' },
      stateHistory: [{ state: 'PENDING' }, { state: 'RUNNING' }],
      environmentConfig: { executionConfig: { serviceAccount: accounts.runtime, ttl: '600s' } },
    });
    const usage = parseObject(ended['runtimeInfo'], 'runtimeInfo')['approximateUsage'];
    expect(parseObject(usage, 'the usage')['milliDcuSeconds']).toMatch(/^[1-9]\d{3,}$/);
    const uuid = String(ended['uuid']);
    expect(outputUri(ended)).toBe(
      `gs://jobgate-staging/google-cloud-dataproc-metainfo/${uuid}/jobs/srvls-batch-${uuid}/driveroutput`,
    );
    const parts = await readObjects(storage, `${outputUri(ended)}.`, 'reader-token');
    const [first, ...output] = parts.flatMap(({ text }) => text.split(/(?<=\n)/));
    expect(first).toMatch(new RegExp(` INFO SparkSubmit: driver pid \\d+, run ${uuid}\n$`));
    expect(output.join('')).toBe(`waiting for ${go}\nto stderr\nrows: 3\n`);
    expect(parts.at(-1)?.text).toBe('');
    expect(parts.map(({ name }) => name.slice(-10))).toEqual(
      parts.map((_, index) => `.00000000${index}`),
    );
    const results = await readObjects(storage, 'gs://jobgate-results/c/part-', 'reader-token');
    const lines = results.flatMap(({ text }) => text.split('\n')).filter((line) => line !== '');
    expect(lines.sort()).toEqual([
      '{"name":"gull","count":"2"}',
      '{"name":"heron","count":"3"}',
      '{"name":"owl","count":"1"}',
    ]);
  });

  it('may be a file of SQL with variables', async () => {
    const name = 'google-cloud-dataproc-metainfo/answer.sql';
    const upload = `${storage}/upload/storage/v1/b/jobgate-staging/o?uploadType=media&name=${name}`;
    const body = 'SELECT ${number} + 1 AS answer;';
    await send(upload, { method: 'POST', token: 'owner-token', body });
    const queryFileUri = `gs://jobgate-staging/${name}`;
    const sparkSqlBatch = { queryFileUri, queryVariables: { number: '41' } };
    const { environmentConfig } = makeBatch('noop.py');
    await create('sql-1', { sparkSqlBatch, environmentConfig });
    const ended = await waitForState('sql-1', 'SUCCEEDED');
    expect(await readOutput(ended)).toContain('\n42\n');
  });

  it('that fails says which exception it was', async () => {
    await create('fail-1', makeBatch('fail.py'));
    const batch = await waitForState('fail-1', 'FAILED');
    expect(String(batch['stateMessage']).split('\n')[0]).toBe(
      'Job failed with message [ValueError: no rows in gs://x]. Additional details can be found at:',
    );
    const operation = await send(`${google}/${String(batch['operation'])}`, {
      token: 'reader-token',
    });
    expect(operation.body).toMatchObject({ done: true, error: { code: 13 } });
  });

  it('whose main file does not exist fails with the reason of Java', async () => {
    const work = { mainPythonFileUri: 'gs://jobgate-staging/jobs/none.py' };
    await create('missing-1', { ...makeBatch('noop.py'), pysparkBatch: work });
    const batch = await waitForState('missing-1', 'FAILED');
    expect(batch['stateMessage']).toContain('[java.io.FileNotFoundException: ');
  });

  it('that is cancelled leaves no process, not even one in a session of its own', async () => {
    await create('hang-1', makeBatch('hang.py'));
    const batch = await waitForState('hang-1', 'RUNNING');
    const names = await waitFor(async () => {
      const output = await readOutput(batch);
      return output.includes('names:') ? output : undefined;
    });
    expect(names).not.toContain('GOOGLE_APPLICATION_CREDENTIALS');
    const mark = `JOBGATE_DRIVER=${String(batch['uuid'])}`;
    expect(listProcesses(mark).length).toBeGreaterThan(2);
    const active = await send(`${google}/${parent}/batches/hang-1`, {
      method: 'DELETE',
      token: 'submitter-token',
    });
    expect(active.status).toBe(400);
    expect(errorOf(active)).toMatchObject({ status: 'FAILED_PRECONDITION' });
    const cancel = { method: 'POST', token: 'submitter-token', body: {} };
    const reply = await send(`${google}/${String(batch['operation'])}:cancel`, cancel);
    expect([reply.status, reply.body]).toEqual([200, {}]);
    const ended = await waitForState('hang-1', 'CANCELLED');
    expect(ended).toMatchObject({
      stateHistory: [{ state: 'PENDING' }, { state: 'RUNNING' }, { state: 'CANCELLING' }],
    });
    expect(listProcesses(mark)).toEqual([]);
  });
});

describe('a call of Dataproc', () => {
  const job = makeBatch('noop.py');

  it('without a token, or with an unknown one, is unauthenticated', async () => {
    for (const options of [{}, { token: 'ya29.unknown' }]) {
      const reply = await send(`${google}/${parent}/batches`, options);
      expect(reply.status).toBe(401);
      expect(errorOf(reply)).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' });
    }
  });

  it('without the permission is denied, and the permission named', async () => {
    const reply = await create('denied-1', job, { token: 'reader-token' });
    expect(reply.status).toBe(403);
    expect(errorOf(reply)).toEqual({
      code: 403,
      status: 'PERMISSION_DENIED',
      message: `Permission 'dataproc.batches.create' denied on resource '//dataproc.googleapis.com/${parent}' (or it may not exist).`,
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'iam.googleapis.com',
          metadata: {
            permission: 'dataproc.batches.create',
            resource: `//dataproc.googleapis.com/${parent}`,
          },
        },
      ],
    });
  });

  it.each([
    ['another account', { serviceAccount: accounts.signer }, accounts.signer],
    ['the default account', {}, '123456789-compute@developer.gserviceaccount.com'],
  ])('may not make a batch run as %s', async (_, executionConfig, account) => {
    const reply = await create('denied-2', { ...job, environmentConfig: { executionConfig } });
    expect(reply.status).toBe(403);
    expect(errorOf(reply)).toMatchObject({
      message: `Permission 'iam.serviceAccounts.actAs' denied on service account ${account} (or it may not exist).`,
    });
  });

  it('for another project is denied, for another location not found', async () => {
    const token = 'submitter-token';
    const project = await send(`${google}/projects/x/locations/us-central1/batches`, { token });
    expect(project.status).toBe(403);
    const location = await send(`${google}/projects/local/locations/eu/batches`, { token });
    expect(location.status).toBe(404);
  });

  it('that repeats an id fails, and one that repeats a request id gets the first operation', async () => {
    const first = await create('twice-1', job, { query: '&requestId=r-1' });
    const replay = await create('twice-2', makeBatch('fail.py'), { query: '&requestId=r-1' });
    expect(replay.status).toBe(200);
    expect(parseObject(replay.body, 'operation')['name']).toBe(
      parseObject(first.body, 'operation')['name'],
    );
    const again = await create('twice-1', job, { query: '&requestId=r-2' });
    expect([again.status, errorOf(again)]).toEqual([
      409,
      {
        code: 409,
        status: 'ALREADY_EXISTS',
        message: `Already exists: Failed to create batch: Batch ${parent}/batches/twice-1`,
      },
    ]);
    await waitForState('twice-1', 'SUCCEEDED');
  });

  it('lists batches from the newest on, in pages', async () => {
    const list = `${google}/${parent}/batches`;
    const token = 'reader-token';
    const idsOf = (reply: Reply): readonly string[] =>
      reply.text.match(/(?<=batches\/)[a-z]+-\d(?=")/g) ?? [];
    const all = idsOf(await send(list, { token }));
    const first = await send(`${list}?pageSize=2`, { token });
    const next = String(parseObject(first.body, 'page')['nextPageToken']);
    const second = await send(`${list}?pageSize=2&pageToken=${next}`, { token });
    expect(all.indexOf('twice-1')).toBeLessThan(all.indexOf('count-1'));
    expect([...idsOf(first), ...idsOf(second)]).toEqual(all.slice(0, 4));
  });

  it('may not filter batches on labels unless the configuration says so', async () => {
    const list = `${google}/${parent}/batches?filter=labels.team%3Da`;
    const reply = await send(list, { token: 'reader-token' });
    expect(reply.status).toBe(400);
    expect(errorOf(reply)).toMatchObject({
      message:
        'Invalid filter: "labels.team" is not one of batch_id, batch_uuid, state, create_time.',
    });
  });

  it('deletes a batch that has ended', async () => {
    const url = `${google}/${parent}/batches/twice-1`;
    const reply = await send(url, { method: 'DELETE', token: 'submitter-token' });
    expect([reply.status, reply.body]).toEqual([200, {}]);
    expect((await send(url, { token: 'reader-token' })).status).toBe(404);
  });

  it('of an RPC that is not implemented says so by name', async () => {
    const url = `${google}/projects/local/regions/us-central1/clusters`;
    const reply = await send(url, { method: 'POST', token: 'submitter-token', body: {} });
    expect(reply.status).toBe(501);
    expect(errorOf(reply)).toMatchObject({
      message:
        'The local Dataproc does not implement google.cloud.dataproc.v1.ClusterController.CreateCluster.',
    });
  });
});

describe('a fault', () => {
  const faults = () => `${google.replace(/\/v1$/, '')}/_local/faults`;

  it('makes the next calls of its RPC fail, and no others', async () => {
    const token = 'reader-token';
    await send(faults(), { method: 'POST', body: { rpc: 'ListBatches', status: 503, count: 2 } });
    const statuses: number[] = [];
    for (let call = 0; call < 3; call += 1)
      statuses.push((await send(`${google}/${parent}/batches`, { token })).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it('may do the work and lose the answer', async () => {
    await send(faults(), { method: 'POST', body: { rpc: 'CreateBatch', status: 'drop-after' } });
    await expect(create('lost-1', makeBatch('noop.py'))).rejects.toThrow('fetch failed');
    expect(await get('lost-1')).toMatchObject({ name: `${parent}/batches/lost-1` });
    await waitForState('lost-1', 'SUCCEEDED');
  });
});
