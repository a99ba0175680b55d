import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createSend, parseJsonObject, type HttpRequest } from '../../shared/transport.ts';

const now = (): Date => new Date();
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, host, resolve);
  });
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${(server.address() as AddressInfo).port}/`;
}

function to(url: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  const deadline = new Date(now().getTime() + 10_000);
  return { url, method: 'GET', headers: {}, deadline, maxBytes: 1024, ...changes };
}

describe('an exchange', () => {
  it('carries method, headers and body, and brings status, headers and body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(201, { 'X-Answer': 'yes' });
      request.pipe(response);
    });
    const body = '{"a":"ü"}';
    const answer = await createSend(now)(
      to(url, { method: 'POST', body, headers: { 'x-a': 'b' } }),
    );
    expect(answer).toMatchObject({ status: 201, headers: { 'x-answer': 'yes' } });
    expect(answer.body.toString()).toBe(body);
  });

  it('asks for the path and the query, and names the host', async () => {
    const url = await serve((request, response) => {
      response.end(`${request.headers.host ?? ''} ${request.url ?? ''}`);
    });
    const { host } = new URL(url);
    const answer = await createSend(now)(to(`${url}a/%2F?b=c%20d&e#f`));
    expect(answer.body.toString()).toBe(`${host} /a/%2F?b=c%20d&e`);
  });

  it('reaches a host that is named by its IPv6 address', async ({ skip }) => {
    const url = await serve((_request, response) => response.end('here'), '::1').catch(() => {
      skip('this machine has no ::1');
    });
    expect((await createSend(now)(to(String(url)))).body.toString()).toBe('here');
  });

  it('follows no redirect', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect((await createSend(now)(to(url))).status).toBe(302);
    expect(requests).toBe(1);
  });

  it('ends as timeout when the answer is late', async () => {
    const url = await serve(() => undefined);
    const deadline = new Date(now().getTime() + 50);
    await expect(createSend(now)(to(url, { deadline }))).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('ends as timeout when the answer begins and does not end', async () => {
    const url = await serve((_request, response) => {
      response.write('half');
    });
    const deadline = new Date(now().getTime() + 100);
    await expect(createSend(now)(to(url, { deadline }))).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('ends as cut when the other side hangs up, and is not repeated', async () => {
    let requests = 0;
    const url = await serve((request) => {
      requests += 1;
      request.socket.destroy();
    });
    await expect(createSend(now)(to(url))).rejects.toMatchObject({ kind: 'cut' });
    expect(requests).toBe(1);
  });

  it('is repeated once on a new connection when a kept one was closed', async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.destroy();
      else response.end(String(requests));
    });
    const send = createSend(now);
    expect((await send(to(url))).body.toString()).toBe('1');
    expect((await send(to(url))).body.toString()).toBe('3');
    expect(requests).toBe(3);
  });

  it('is not repeated twice', async () => {
    let requests = 0;
    const url = await serve((request, response) => {
      requests += 1;
      if (requests > 1) request.socket.destroy();
      else response.end();
    });
    const send = createSend(now);
    await send(to(url));
    await expect(send(to(url))).rejects.toMatchObject({ kind: 'cut' });
    expect(requests).toBe(3);
  });

  it('ends as cut when the other side hangs up inside its answer', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket?.destroy());
    });
    await expect(createSend(now)(to(url))).rejects.toMatchObject({ kind: 'cut' });
  });

  it('ends as too_large when the answer has a byte too many', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1025)));
    await expect(createSend(now)(to(url))).rejects.toMatchObject({ kind: 'too_large' });
    await expect(createSend(now)(to(url, { maxBytes: 1025 }))).resolves.toMatchObject({
      status: 200,
    });
  });

  it('ends as refused when nobody listens', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(createSend(now)(to(url))).rejects.toMatchObject({ kind: 'refused' });
  });

  it('is not begun without time', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    await expect(createSend(now)(to(url, { deadline: now() }))).rejects.toMatchObject({
      kind: 'refused',
    });
    expect(requests).toBe(0);
  });
});

describe('an answer’s body', () => {
  it('is read as a JSON object, and as an empty one when it is none', () => {
    expect(parseJsonObject(Buffer.from('{"a":1}'))).toEqual(new Map([['a', 1]]));
    for (const text of ['', 'x', '1', 'null', '"a"', '<html>']) {
      expect(parseJsonObject(Buffer.from(text))).toEqual(new Map());
    }
  });
});
