import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnePort } from '../../../../local/google/server/one-port.ts';
import { parseObject } from '../../../../local/google/shape.ts';
import { send, waitFor } from '../google-server.ts';
import { makeGrpcClients } from '../official-clients.ts';
import { type RpcServer, startRpcServer } from './rpc-server.ts';

const name = 'projects/p/locations/r/batches/b-1';
const get = `GET /v1/${name} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token\r\n\r\n`;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
let server: RpcServer;

beforeAll(async () => {
  server = await startRpcServer({
    implementations: {
      'google.cloud.dataproc.v1.BatchController.GetBatch': () => ({ name }),
      'google.cloud.dataproc.v1.JobController.SubmitJob': (_, { job }) =>
        parseObject(job, 'the job'),
    },
  });
});

afterAll(() => server.close());

function open(google = server.google): Promise<Socket> {
  const { hostname, port } = new URL(google);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** Resolves when the other side has closed, however it did. */
function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket
      .on('error', () => undefined)
      .once('close', () => {
        resolve();
      });
    socket.resume();
  });
}

async function ask(bytes: string): Promise<string> {
  const socket = await open();
  socket.write(bytes);
  return text(socket);
}

/** Sends a request of HTTP/2 that is not gRPC; returns the status. */
function askHttp2(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(server.google).once('error', reject);
    const stream = session.request({ ':path': `/v1/${name}` }).resume();
    stream.once('response', (headers) => {
      session.close(() => {
        resolve(headers[':status']);
      });
    });
  });
}

async function sendPieces(socket: Socket, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
}

function read(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      if (seen.length >= length) resolve(seen);
    });
  });
}

describe('one port', () => {
  it('answers requests of HTTP/1.1 one after the other on one connection', async () => {
    const answers = await ask(
      get + get.replace('Host: localhost', 'Host: localhost\r\nConnection: close'),
    );
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(answers.match(/\{"name":"[^"]*"\}/g)).toEqual([
      JSON.stringify({ name }),
      JSON.stringify({ name }),
    ]);
  });

  it('recognises a request and a preface that come byte by byte', async () => {
    const http1 = await open();
    await sendPieces(http1, Buffer.from(get));
    expect((await read(http1, 15)).subarray(0, 15).toString()).toBe('HTTP/1.1 200 OK');
    http1.destroy();
    const http2 = await open();
    await sendPieces(http2, Buffer.concat([Buffer.from(preface), emptySettings]));
    expect((await read(http2, 9))[3]).toBe(4);
    http2.destroy();
  });

  it('takes a long body of HTTP/1.1 and a long message of gRPC', async () => {
    const job = { driverSchedulingConfig: {}, labels: { long: 'x'.repeat(5_000_000) } };
    const url = `${server.google}/v1/projects/p/regions/r/jobs:submit`;
    const reply = await send(url, { method: 'POST', token: 'token', body: { job } });
    expect(reply.body).toEqual(job);
    const clients = makeGrpcClients(server.google, 'token');
    const [answer] = await clients.jobs.submitJob({ projectId: 'p', region: 'r', job });
    expect(answer.labels).toEqual(job.labels);
    await clients.close();
  });

  it('refuses a preface that ends wrong as bad HTTP/1.1', async () => {
    expect(await ask('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });

  it('refuses HTTP/2 that is not gRPC', async () => {
    expect(await askHttp2()).toBe(415);
  });

  it('closes a connection of HTTP/2 that breaks the protocol', async () => {
    const socket = await open();
    socket.write(`${preface}this is no frame of HTTP/2 at all`);
    await untilClosed(socket);
    expect(socket.destroyed).toBe(true);
  });

  it('says that a port is taken', async () => {
    const other = new OnePort(createServer(), () => undefined);
    const port = Number(new URL(server.google).port);
    await expect(other.listen(port)).rejects.toThrow(`the port ${port} of 127.0.0.1 is taken`);
  });
});

describe('a connection', () => {
  it('that says nothing, or no more than half a greeting, is closed after a while', async () => {
    const options = { silenceMs: 50, tls: createSecureContext() };
    const quick = new OnePort(createServer(), () => undefined, options);
    const google = await quick.listen(0);
    const silent = await open(google);
    const slow = await open(google);
    slow.write('PRI * HT');
    const secure = await open(google);
    secure.write(Buffer.of(22, 3));
    await Promise.all([silent, slow, secure].map(untilClosed));
    await quick.close();
  });

  it('that its client closes half way is closed', async () => {
    const sockets = await Promise.all([open(), open(), open()]);
    sockets[1].write('PRI * ');
    sockets[2].write(Buffer.concat([Buffer.from(preface), emptySettings]));
    for (const socket of sockets) socket.end();
    await Promise.all(sockets.map(untilClosed));
  });

  it('ends at once when the server closes, in whatever state it is', async () => {
    const closing = await startRpcServer();
    const { google } = closing;
    const sockets = await Promise.all([open(google), open(google), open(google), open(google)]);
    sockets[1].write('PRI * ');
    sockets[2].write(Buffer.concat([Buffer.from(preface), emptySettings]));
    sockets[3].write('POST /v1/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc');
    const ended = Promise.all(sockets.map(untilClosed));
    await closing.close();
    await ended;
    await expect(open(closing.google)).rejects.toThrow('ECONNREFUSED');
  });

  it('leaves no handle behind, however it ends', async () => {
    const before = countHandles();
    for (let round = 0; round < 125; round += 1) {
      await ask(get.replace('Host: localhost', 'Host: localhost\r\nConnection: close'));
      (await open()).destroy();
      const broken = await open();
      broken.write(preface);
      broken.resetAndDestroy();
      await askHttp2();
    }
    await waitFor(() => Promise.resolve(countHandles() <= before ? true : undefined));
  });
});

/** Connections of this process, which holds both ends of each. */
function countHandles(): number {
  return readdirSync(`/proc/${process.pid}/fd`).length;
}
