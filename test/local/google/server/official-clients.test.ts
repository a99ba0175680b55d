import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, listProcesses, parent, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { makeGrpcClients, makeRestClients } from '../official-clients.ts';
import { seeGrpcError, seeRestError } from './errors-seen.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'official-clients' });
  google = String(server.ready['google']);
});

afterAll(async () => {
  await server.stop();
  removeFolder();
});

const transports = [
  { transport: 'grpc', makeClients: makeGrpcClients },
  { transport: 'rest', makeClients: makeRestClients },
] as const;

function makeBatch(job: 'noop.py' | 'hang.py') {
  return {
    pysparkBatch: { mainPythonFileUri: `gs://jobgate-staging/jobs/${job}` },
    environmentConfig: {
      executionConfig: { serviceAccount: accounts.runtime, ttl: { seconds: 600 } },
    },
  };
}

describe("Google's own client", () => {
  it.each(transports)('creates, awaits, lists and deletes a batch by $transport', async (by) => {
    const { batches, close } = by.makeClients(google, 'submitter-token');
    const batchId = `by-${by.transport}`;
    const name = `${parent}/batches/${batchId}`;
    const batch = makeBatch('noop.py');
    const [operation] = await batches.createBatch({ parent, batchId, batch });
    expect(operation.metadata).toMatchObject({ batch: name, description: 'Batch' });
    const [result] = await operation.promise();
    expect(result).toMatchObject({ name, creator: accounts.submitter });
    const [found] = await batches.getBatch({ name });
    expect(found.state).toBe('SUCCEEDED');
    const [list] = await batches.listBatches({ parent, filter: `batch_id = "${batchId}"` });
    expect(list.map((item) => item.name)).toEqual([name]);
    await batches.deleteBatch({ name });
    const [rest] = await batches.listBatches({ parent, filter: `batch_id = "${batchId}"` });
    expect(rest).toEqual([]);
    await close();
  });

  it('sees by REST what was created by gRPC, and why it was cancelled', async () => {
    const grpc = makeGrpcClients(google, 'submitter-token');
    const rest = makeRestClients(google, 'submitter-token');
    const batch = makeBatch('hang.py');
    const [operation] = await grpc.batches.createBatch({ parent, batchId: 'shared', batch });
    const [found] = await rest.batches.getBatch({ name: `${parent}/batches/shared` });
    expect(found.operation).toBe(operation.name);
    await operation.cancel();
    await expect(operation.promise()).rejects.toMatchObject({ code: 1 });
    await Promise.all([grpc.close(), rest.close()]);
  });

  it('is told which permission it lacks by both transports', async () => {
    const request = { parent, batchId: 'denied', batch: makeBatch('noop.py') };
    const metadata = {
      permission: 'dataproc.batches.create',
      resource: `//dataproc.googleapis.com/${parent}`,
    };
    const info = { reason: 'IAM_PERMISSION_DENIED', domain: 'iam.googleapis.com', metadata };
    const message =
      `Permission 'dataproc.batches.create' denied on resource ` +
      `'//dataproc.googleapis.com/${parent}' (or it may not exist).`;
    const grpc = makeGrpcClients(google, 'reader-token');
    const seen = await seeGrpcError(grpc.batches.createBatch(request));
    expect(seen).toMatchObject({ code: 7, message, details: [info] });
    const rest = makeRestClients(google, 'reader-token');
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }];
    expect(await seeRestError(rest.batches.createBatch(request))).toEqual({
      ...{ code: 403, status: 'PERMISSION_DENIED', message, details },
    });
    await Promise.all([grpc.close(), rest.close()]);
  });
});

describe('the process', () => {
  it('keeps no handle of 500 connections that came and went', async () => {
    const before = countHandles();
    const agent = new Agent({ keepAlive: false });
    for (let round = 0; round < 250; round += 1) {
      await visitByHttp2();
      const request = httpRequest(`${google}/v1/${parent}/batches`, { agent }).end();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(401);
      await once(response.resume(), 'close');
    }
    await waitFor(() => Promise.resolve(countHandles() <= before ? true : undefined));
  });

  it('ends with status 1 when it is told to end as if it failed', async () => {
    const [own, remove] = makeFolder();
    const failing = await startGoogle(own, { run: 'told-to-end' });
    await stopBy(failing, 'exit');
    expect(await failing.stop(() => undefined)).toBe(1);
    expect(failing.log()).toContain('local/google: it was told to end by /_local/stop\n');
    remove();
  });

  it('ends in the middle of everything when it is told to be killed', async () => {
    const [own, remove] = makeFolder();
    const failing = await startGoogle(own, { run: 'told-to-be-killed' });
    await stopBy(failing, 'kill').catch(() => undefined);
    await waitFor(() => Promise.resolve(failing.child.signalCode ?? undefined));
    expect(failing.child.signalCode).toBe('SIGKILL');
    // What a killed server has started lives on.
    for (const pid of listProcesses('JOBGATE_RUN=told-to-be-killed')) process.kill(Number(pid));
    await failing.stop(() => undefined);
    remove();
  });

  it.each(['google', 'storage'])('says that the port for %s is taken', async (name) => {
    const [own, remove] = makeFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const ports = { google: 0, storage: 0, [name]: port };
    await expect(startGoogle(own, { run: 'taken', ports })).rejects.toThrow(
      `ended with status 1: local/google: the port ${port ?? 0} of 127.0.0.1 is taken\n`,
    );
    other.close();
    remove();
  });
});

/** Opens a connection of HTTP/2, waits for the server's first frame and closes it. */
function visitByHttp2(): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(google).once('error', reject);
    session.once('remoteSettings', () => {
      session.close(resolve);
    });
  });
}

function countHandles(): number {
  return readdirSync(`/proc/${server.child.pid ?? 0}/fd`).length;
}

function stopBy({ ready }: LocalServer, how: 'exit' | 'kill'): Promise<unknown> {
  return send(`${String(ready['google'])}/_local/stop`, { method: 'POST', body: { how } });
}
