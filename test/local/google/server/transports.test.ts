import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ApiError,
  canonicalCodes,
  type CanonicalCode,
} from '../../../../local/google/api/api-error.ts';
import { makeRetryInfo } from '../../../../local/google/api/error-details.ts';
import type { Implementations } from '../../../../local/google/identity/implementation.ts';
import { send } from '../google-server.ts';
import { makeGrpcClients, makeRestClients, type OfficialClients } from '../official-clients.ts';
import { seeGrpcError, seeRestError } from './errors-seen.ts';
import { caller, type RpcServer, startRpcServer } from './rpc-server.ts';

const parent = 'projects/p/locations/r';
const errorInfo = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'IAM_PERMISSION_DENIED',
  domain: 'iam.googleapis.com',
  metadata: { permission: 'dataproc.batches.get' },
};
const codes = Object.keys(canonicalCodes).filter((name): name is CanonicalCode =>
  Object.hasOwn(canonicalCodes, name),
);

/** A batch's name ends with how getting it fails, if it does. */
const implementations: Implementations = {
  'google.cloud.dataproc.v1.BatchController.GetBatch': (principal, { name }) => {
    const status = codes.find((code) => String(name).endsWith(`/${code.toLowerCase()}`));
    if (status !== undefined)
      throw new ApiError(status, `It is ${status}.`, [errorInfo, makeRetryInfo(7)]);
    if (String(name).endsWith('/long'))
      throw new ApiError('NOT_FOUND', `Not found: ${'🦉'.repeat(50_000)}`, [
        { ...errorInfo, metadata: { permission: 'x'.repeat(100_000) } },
      ]);
    if (String(name).endsWith('/bug')) throw new TypeError('a secret of the server');
    return { name, creator: JSON.stringify(principal), state: 'RUNNING' };
  },
  'google.cloud.dataproc.v1.BatchController.CreateBatch': () => ({ name: 'op' }),
};

let server: RpcServer;
let grpc: OfficialClients;
let rest: OfficialClients;

beforeAll(async () => {
  server = await startRpcServer({ implementations });
  grpc = makeGrpcClients(server.google, 'token');
  rest = makeRestClients(server.google, 'token');
});

afterAll(async () => {
  await Promise.all([grpc.close(), rest.close()]);
  await server.close();
});

function get(clients: OfficialClients, id: string): Promise<unknown> {
  return clients.batches.getBatch({ name: `${parent}/batches/${id}` });
}

describe('an error', () => {
  it.each(codes)('%s is the same by gRPC and by REST', async (status) => {
    const message = `It is ${status}.`;
    const { code, http } = canonicalCodes[status];
    const seen = await seeGrpcError(get(grpc, status.toLowerCase()));
    expect(seen).toMatchObject({ code, message });
    expect(seen.details).toMatchObject([
      { reason: errorInfo.reason, domain: errorInfo.domain, metadata: errorInfo.metadata },
      { retryDelay: { seconds: { low: 7 } } },
    ]);
    expect(await seeRestError(get(rest, status.toLowerCase()))).toEqual({
      ...{ code: http, status, message },
      details: [
        errorInfo,
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' },
      ],
    });
  });

  it('of any length leaves the connection as it is', async () => {
    const batchId = 'b-1';
    await send(`${server.google}/_local/faults`, {
      method: 'POST',
      body: { rpc: 'CreateBatch', status: 'delay', delayMs: 1000 },
    });
    const other = grpc.batches.createBatch({ parent, batchId, batch: {} });
    const message = `Not found: ${'🦉'.repeat(252)}…`;
    expect(await seeGrpcError(get(grpc, 'long'))).toMatchObject({ code: 5, message });
    expect(await seeRestError(get(rest, 'long'))).toMatchObject({ code: 404, message });
    expect(await other).toMatchObject([{ name: 'op' }, {}, {}]);
  });

  it('that is a bug says nothing of itself', async () => {
    const message = 'Internal error encountered.';
    expect(await seeGrpcError(get(grpc, 'bug'))).toMatchObject({ code: 13, message });
    expect(await seeRestError(get(rest, 'bug'))).toMatchObject({ code: 500, message });
  });

  it('names the RPC that is not implemented', async () => {
    const request = { projectId: 'p', region: 'r', clusterName: 'c' };
    const message =
      'The local Dataproc does not implement ' +
      'google.cloud.dataproc.v1.ClusterController.DiagnoseCluster.';
    expect(await seeGrpcError(grpc.clusters.diagnoseCluster(request))).toMatchObject({
      code: 12,
      message,
    });
    expect(await seeRestError(rest.clusters.diagnoseCluster(request))).toMatchObject({
      code: 501,
      message,
    });
  });
});

describe('a caller', () => {
  it.each([
    ['without a token', undefined, 'Request is missing required authentication credential.'],
    ['with a foreign token', 'other', 'Request had invalid authentication credentials.'],
  ])('%s is refused by both transports', async (_, token, sentence) => {
    const [one, two] = [
      makeGrpcClients(server.google, token),
      makeRestClients(server.google, token),
    ];
    const message = expect.stringContaining(sentence) as unknown;
    expect(await seeGrpcError(get(one, 'b-1'))).toMatchObject({ code: 16, message });
    expect(await seeRestError(get(two, 'b-1'))).toMatchObject({ code: 401, message });
    await Promise.all([one.close(), two.close()]);
  });

  it('is anyone where credentials are not checked', async () => {
    const open = await startRpcServer({ implementations, checkCredentials: false });
    for (const clients of [makeGrpcClients(open.google), makeRestClients(open.google, 'any')]) {
      expect(await get(clients, 'b-1')).toMatchObject([{ creator: '{"kind":"anyone"}' }, {}, {}]);
      await clients.close();
    }
    await open.close();
  });
});

describe('a request beyond the quota', () => {
  it('is refused by both transports, which share it', async () => {
    const quotas = { jobOperation: 0, getJob: 0, workflowOperation: 0, other: 2 };
    const now = () => new Date(0);
    const scarce = await startRpcServer({ implementations, quotas, now });
    const [one, two] = [
      makeGrpcClients(scarce.google, 'token'),
      makeRestClients(scarce.google, 'token'),
    ];
    await Promise.all([get(one, 'b-1'), get(two, 'b-1')]);
    const message =
      "Quota exceeded for quota metric 'Default requests' and limit 'Default requests per minute " +
      "per region' of service 'dataproc.googleapis.com' for consumer 'project_number:123'.";
    const info = {
      reason: 'RATE_LIMIT_EXCEEDED',
      domain: 'googleapis.com',
      metadata: {
        service: 'dataproc.googleapis.com',
        consumer: 'projects/123',
        quota_metric: 'dataproc.googleapis.com/default_requests',
        quota_limit: 'DefaultRequestsPerMinutePerProjectPerRegion',
        quota_limit_value: '2',
        quota_location: 'r',
      },
    };
    const seen = await seeGrpcError(get(one, 'b-1'));
    expect(seen).toMatchObject({ code: 8, message, details: [info] });
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }];
    const status = 'RESOURCE_EXHAUSTED';
    expect(await seeRestError(get(two, 'b-1'))).toEqual({ code: 429, status, message, details });
    await Promise.all([one.close(), two.close()]);
    await scarce.close();
  });
});

describe('a request over gRPC', () => {
  it('ends at its deadline', async () => {
    const body = { rpc: 'GetBatch', status: 'delay', delayMs: 1000 };
    await send(`${server.google}/_local/faults`, { method: 'POST', body });
    const late = grpc.batches.getBatch({ name: `${parent}/batches/b-1` }, { timeout: 100 });
    expect(await seeGrpcError(late)).toMatchObject({ code: 4 });
    expect(await get(grpc, 'b-1')).toMatchObject([{ state: 'RUNNING' }, {}, {}]);
  });

  it.each([
    ['that is no message is refused', Buffer.from([0xff]), 3],
    [
      'may have fields that the protos do not know',
      Buffer.from('f23f0378797a0a0161', 'hex'),
      undefined,
    ],
    ['that is longer than 10 MiB is refused', Buffer.alloc(10 * 1024 * 1024 + 1), 8],
  ])('%s', async (_, bytes, code) => {
    expect(await callRaw('BatchController/GetBatch', bytes)).toBe(code);
  });

  it('to what no proto names is not implemented', async () => {
    expect(await callRaw('BatchController/Explode', Buffer.alloc(0))).toBe(12);
  });
});

describe('a request over REST', () => {
  it('that is longer than 10 MiB is refused, however much of it there is', async () => {
    const max = 10 * 1024 * 1024;
    const url = `${server.google}/v1/${parent}/batches`;
    const reply = await send(url, { method: 'POST', token: 'token', body: ' '.repeat(3 * max) });
    const message = `Request payload size exceeds the limit: ${max} bytes.`;
    const error = { code: 400, message, status: 'INVALID_ARGUMENT' };
    expect(reply).toMatchObject({ status: 400, body: { error } });
  });
});

describe('the record of requests', () => {
  const log = () => `${server.google}/_local/requests/log`;
  const batch = {
    labels: { a: 'b' },
    pysparkBatch: { mainPythonFileUri: 'gs://b/m.py', args: ['1'] },
    environmentConfig: { executionConfig: { ttl: { seconds: 600 } } },
  };

  it('holds what both transports send as one and the same message', async () => {
    await send(log(), { method: 'DELETE' });
    for (const clients of [grpc, rest])
      await clients.batches.createBatch({ parent, batchId: 'b-1', requestId: 'q', batch });
    await get(grpc, 'not_found').catch(() => undefined);
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown;
    const request = {
      ...{ parent, batchId: 'b-1', requestId: 'q' },
      batch: { ...batch, environmentConfig: { executionConfig: { ttl: '600s' } } },
    };
    const entry = { rpc: 'CreateBatch', principal: caller, request, at, code: 'OK' };
    expect((await send(`${log()}?rpc=CreateBatch`)).body).toEqual({
      requests: [
        { ...entry, transport: 'grpc' },
        { ...entry, transport: 'rest' },
      ],
    });
    expect((await send(`${log()}?rpc=GetBatch`)).body).toMatchObject({
      requests: [{ transport: 'grpc', code: 'NOT_FOUND' }],
    });
  });

  it('names nobody for a token that stands for nobody, and no token ever', async () => {
    await send(log(), { method: 'DELETE' });
    const clients = makeRestClients(server.google, 'mistyped-token');
    await get(clients, 'b-1').catch(() => undefined);
    const { body, text } = await send(log());
    expect(body).toMatchObject({ requests: [{ principal: null, code: 'UNAUTHENTICATED' }] });
    expect(text).not.toContain('mistyped');
  });
});

/** Sends bytes to an RPC by hand; returns the code of the error, or undefined when there is none. */
function callRaw(method: string, bytes: Buffer): Promise<number | undefined> {
  const client = new Client(new URL(server.google).host, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer token');
  const pass = (message: Buffer) => message;
  return new Promise((resolve) => {
    const path = `/google.cloud.dataproc.v1.${method}`;
    client.makeUnaryRequest(path, pass, pass, bytes, metadata, {}, (error) => {
      client.close();
      resolve(error?.code);
    });
  });
}
