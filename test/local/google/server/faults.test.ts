import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadProtos } from '../../../../local/google/api/protos.ts';
import { packAny, type PlainMessage } from '../../../../local/google/api/transcoding.ts';
import { parseObject } from '../../../../local/google/shape.ts';
import { type Reply, send, waitFor } from '../google-server.ts';
import { makeGrpcClients, makeRestClients, type OfficialClients } from '../official-clients.ts';
import { seeBreak, seeGrpcError, seeRestError } from './errors-seen.ts';
import { type RpcServer, startRpcServer } from './rpc-server.ts';

const parent = 'projects/p/locations/r';
const { root } = loadProtos();
const nowSeconds = 1_795_270_400;
/** How often the work of GetBatch was done. */
let done = 0;
let server: RpcServer;
let grpc: OfficialClients;
let rest: OfficialClients;

function at(secondsAgo: number): PlainMessage {
  return { seconds: `${nowSeconds - secondsAgo}`, nanos: 0 };
}

function pack(type: string, message: PlainMessage): PlainMessage {
  return packAny(root, `google.cloud.dataproc.v1.${type}`, message);
}

beforeAll(async () => {
  const service = 'google.cloud.dataproc.v1';
  server = await startRpcServer({
    now: () => new Date(nowSeconds * 1000),
    implementations: {
      [`${service}.BatchController.GetBatch`]: (_, { name }) => {
        done += 1;
        return { name };
      },
      [`${service}.BatchController.ListBatches`]: () => ({
        batches: [
          { name: 'young', createTime: at(1) },
          { name: 'old', createTime: at(10) },
        ],
        nextPageToken: '',
      }),
      'google.longrunning.Operations.ListOperations': () => ({
        operations: [
          { name: 'young', metadata: pack('BatchOperationMetadata', { createTime: at(1) }) },
          { name: 'old', metadata: pack('BatchOperationMetadata', { createTime: at(10) }) },
          { name: 'young-job', metadata: pack('JobMetadata', { startTime: at(1) }) },
          { name: 'old-workflow', metadata: pack('WorkflowMetadata', { startTime: at(10) }) },
        ],
      }),
      [`${service}.JobController.ListJobs`]: () => ({
        jobs: [
          { jobUuid: 'young', status: { stateStartTime: at(2) } },
          {
            jobUuid: 'old',
            status: { stateStartTime: at(1) },
            statusHistory: [{ stateStartTime: at(10) }, { stateStartTime: at(3) }],
          },
        ],
      }),
    },
  });
  grpc = makeGrpcClients(server.google, 'token');
  rest = makeRestClients(server.google, 'token');
});

afterEach(() => send(`${server.google}/_local/faults`, { method: 'DELETE' }));

afterAll(async () => {
  await Promise.all([grpc.close(), rest.close()]);
  await server.close();
});

function ask(body: object): Promise<Reply> {
  return send(`${server.google}/_local/faults`, { method: 'POST', body });
}

function get(clients: OfficialClients): Promise<unknown> {
  return clients.batches.getBatch({ name: `${parent}/batches/b-1` });
}

async function countGets(): Promise<number> {
  const { body } = await send(`${server.google}/_local/requests`);
  return Number(parseObject(body, 'the counts')['GetBatch'] ?? 0);
}

/** Reads what comes of an answer that breaks off. */
function readBroken(): Promise<{ readonly expected: number; readonly text: string }> {
  const headers = { authorization: 'Bearer token' };
  return new Promise((resolve) => {
    httpRequest(`${server.google}/v1/${parent}/batches/b-1`, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', () => {
        resolve({ expected: Number(response.headers['content-length']), text });
      });
    }).end();
  });
}

describe('a fault', () => {
  it.each([
    [503, 14, 503, 'UNAVAILABLE'],
    [429, 8, 429, 'RESOURCE_EXHAUSTED'],
    ['ALREADY_EXISTS', 6, 409, 'ALREADY_EXISTS'],
  ])('%s takes the place of the work in both transports', async (status, code, http, name) => {
    await ask({ rpc: 'GetBatch', status, count: 2 });
    done = 0;
    const message = `The local fault of GetBatch: ${status}.`;
    expect(await seeGrpcError(get(grpc))).toEqual({ code, message, details: undefined });
    const seen = await seeRestError(get(rest));
    expect(seen).toEqual({ code: http, status: name, message, details: undefined });
    expect(done).toBe(0);
    expect(await get(rest)).toMatchObject([{ name: `${parent}/batches/b-1` }, {}, {}]);
  });

  it('tells when to come back in both transports', async () => {
    await ask({ rpc: 'GetBatch', status: 429, retryAfterSeconds: 3, count: 2 });
    const { details } = await seeGrpcError(get(grpc));
    expect(details).toMatchObject([{ retryDelay: { seconds: { low: 3 } } }]);
    const headers = { authorization: 'Bearer token' };
    const response = await fetch(`${server.google}/v1/${parent}/batches/b-1`, { headers });
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toMatchObject({
      error: {
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' }],
      },
    });
  });

  it.each([
    ['drop-before', 0],
    ['drop-after', 2],
  ])('%s breaks the connection of both transports', async (status, times) => {
    await ask({ rpc: 'GetBatch', status, count: 2 });
    done = 0;
    const broken = { code: 14, message: 'Connection dropped', details: undefined };
    expect(await seeGrpcError(get(grpc))).toEqual(broken);
    expect(await seeBreak(get(rest))).toBe('ECONNRESET');
    expect(done).toBe(times);
    expect(await get(grpc)).toMatchObject([{ name: `${parent}/batches/b-1` }, {}, {}]);
  });

  it('cut-body breaks the connection in the middle of the answer', async () => {
    await ask({ rpc: 'GetBatch', status: 'cut-body', count: 2 });
    const whole = JSON.stringify({ name: `${parent}/batches/b-1` });
    const text = whole.slice(0, Math.ceil(whole.length / 2));
    expect(await readBroken()).toEqual({ expected: whole.length, text });
    expect(await seeGrpcError(get(grpc))).toMatchObject({ code: 14 });
  });

  it('breaks no connection but that of its call', async () => {
    const other = makeGrpcClients(server.google, 'token');
    await get(other);
    await ask({ rpc: 'GetBatch', status: 'delay', delayMs: 300 });
    await ask({ rpc: 'GetBatch', status: 'drop-after' });
    const before = await countGets();
    const slow = get(other);
    await waitFor(async () => ((await countGets()) > before ? true : undefined));
    expect(await seeGrpcError(get(grpc))).toMatchObject({ code: 14 });
    expect(await slow).toMatchObject([{ name: `${parent}/batches/b-1` }, {}, {}]);
    await other.close();
  });

  it('stale-list leaves out what is younger than the lag', async () => {
    for (const rpc of ['ListBatches', 'ListJobs'])
      await ask({ rpc, status: 'stale-list', lagMs: 5000, count: 2 });
    for (const clients of [grpc, rest]) {
      const [batches] = await clients.batches.listBatches({ parent });
      expect(batches.map(({ name }) => name)).toEqual(['old']);
      const [jobs] = await clients.jobs.listJobs({ projectId: 'p', region: 'r' });
      expect(jobs.map(({ jobUuid }) => jobUuid)).toEqual(['old']);
    }
    const [batches] = await grpc.batches.listBatches({ parent });
    expect(batches.map(({ name }) => name)).toEqual(['young', 'old']);
  });

  it('stale-list knows when operations began', async () => {
    await ask({ rpc: 'ListOperations', status: 'stale-list', lagMs: 5000 });
    const url = `${server.google}/v1/projects/p/regions/r/operations`;
    expect((await send(url, { token: 'token' })).body).toMatchObject({
      operations: [{ name: 'old' }, { name: 'old-workflow' }],
    });
  });

  it.each([
    [{ rpc: 'GetBatch' }, 'the fault lacks the key "status".'],
    [{ rpc: 'GetBatch', status: 200 }, /^the fault's status must be 400 to 599, a canonical code/],
    [{ rpc: 'GetBatch', status: 'toString' }, /^the fault's status must be 400 to 599/],
    [
      { rpc: 'GetBatch', status: 503, retryAfterSeconds: -1 },
      "the fault's retryAfterSeconds must be a whole number from 0 to 3600.",
    ],
    [
      { rpc: 'ListJobs', status: 'stale-list' },
      "the fault's lagMs must be a whole number from 1 to 86400000.",
    ],
    [{ rpc: 'GetBach', status: 503 }, `the fault's rpc "GetBach" is not there; near it: GetBatch.`],
    [{ rpc: 'zzzzzz', status: 503 }, `the fault's rpc "zzzzzz" is not there.`],
    [
      { rpc: 'GetBatch', status: 'stale-list', lagMs: 1 },
      'the fault stale-list befalls lists, and GetBatch is none.',
    ],
    [{ rpc: 'GetBatch', status: 503, when: 'now' }, 'the fault has the unknown key "when".'],
  ])('%j is refused', async (body, message) => {
    expect((await ask(body)).body).toMatchObject({
      error: { code: 400, message: expect.stringMatching(message) as unknown },
    });
  });
});

describe('POST /_local/stop', () => {
  it('lets the answer out before the server is told to end', async () => {
    const body = { how: 'exit' };
    const { status } = await send(`${server.google}/_local/stop`, { method: 'POST', body });
    expect(status).toBe(200);
    const sentence = await waitFor(() => Promise.resolve(server.stops[0]));
    expect(sentence).toBe('it was told to end by /_local/stop');
  });

  it('knows two ways to end', async () => {
    const body = { how: 'slowly' };
    const reply = await send(`${server.google}/_local/stop`, { method: 'POST', body });
    expect(reply).toMatchObject({
      status: 400,
      body: { error: { message: `the stop's how must be "exit" or "kill".` } },
    });
  });
});
