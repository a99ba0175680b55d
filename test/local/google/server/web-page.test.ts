import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parent, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { type RawReply, sendRaw, signTarget } from '../storage/signing.ts';

const [folder, removeFolder] = makeFolder();
const name =
  'The local Google answers to 127.0.0.1, localhost and [::1] only: ' +
  'a web page can give this machine any other name.';
const page = 'The local Google does not answer web pages: the request has the header';
const object = '/jobgate-results/seen.txt';
let server: LocalServer;
let servers: { readonly google: string; readonly storage: string };

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'web-page-test', checkCredentials: false });
  servers = { google: String(server.ready['google']), storage: String(server.ready['storage']) };
  await sendRaw(servers.storage, { method: 'PUT', target: object, body: 'seen' });
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

const refusals: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['the Origin of another site', { origin: 'https://web.example' }, `${page} Origin.`],
  ['the Origin null', { origin: 'null' }, `${page} Origin.`],
  ['an Origin of this machine', { origin: 'http://127.0.0.1:8888' }, `${page} Origin.`],
  ['Sec-Fetch-Site cross-site', { 'sec-fetch-site': 'cross-site' }, `${page} Sec-Fetch-Site.`],
  ['Sec-Fetch-Site same-site', { 'sec-fetch-site': 'same-site' }, `${page} Sec-Fetch-Site.`],
  ['a name of the web', { host: 'web.example:8080' }, name],
  ['a name that begins like ours', { host: 'localhost.web.example' }, name],
  ['a bucket in its name', { host: 'jobgate-results.localhost' }, name],
];

/** The ways in that change something, and that the server would otherwise go. */
const ways = [
  ['POST', '/_local/faults', '{"rpc":"CreateBatch","status":503}'],
  ['DELETE', '/_local/faults', ''],
  ['GET', '/_local/requests', ''],
  ['POST', `/v1/${parent}/batches`, '{"pysparkBatch":{}}'],
  ['POST', '/v1/token', '{}'],
] as const;

describe("Google's services", () => {
  describe.each(refusals)('refuse a request with %s', (_, headers, message) => {
    it.each(ways)('%s %s', async (method, target, body) => {
      const plain = { 'content-type': 'text/plain', ...headers };
      const reply = await sendRaw(servers.google, { method, target, headers: plain, body });
      expect(JSON.parse(reply.text)).toEqual({
        error: { code: 403, message, status: 'PERMISSION_DENIED' },
      });
    });
  });

  it('count no call that they refuse for its sender', async () => {
    const target = `/v1/${parent}/batches`;
    const headers = { origin: 'https://web.example' };
    await sendRaw(servers.google, { method: 'GET', target, headers });
    const { text } = await send(`${servers.google}/_local/requests`);
    expect(text).not.toContain('ListBatches');
  });

  it.each(['127.0.0.1', '127.0.0.1:80', 'localhost', 'localhost:9999', '[::1]:1'])(
    'answer to %s',
    async (host) => {
      const headers = { host, 'sec-fetch-site': 'none' };
      const { status } = await sendRaw(servers.google, { target: '/_local/requests', headers });
      expect(status).toBe(200);
    },
  );

  it.each([
    ['another authority', { authority: 'web.example:80' }, name],
    ['an origin', { origin: 'https://web.example' }, `${page} Origin.`],
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }, `${page} Sec-Fetch-Site.`],
  ])('refuse a call of gRPC with %s', async (_, headers, details) => {
    expect(await callGrpc(headers)).toEqual({ code: 7, details });
    expect(await callGrpc({})).toBeUndefined();
  });
});

describe('Cloud Storage', () => {
  describe.each(refusals)('refuses a request with %s', (_, headers, message) => {
    it.each([
      ['GET', '/storage/v1/b/jobgate-results/o'],
      ['POST', '/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=x'],
    ])('%s %s', async (method, target) => {
      const reply = await sendRaw(servers.storage, { method, target, headers, body: 'x' });
      const errors = [{ message, domain: 'global', reason: 'forbidden' }];
      expect(JSON.parse(reply.text)).toEqual({ error: { code: 403, message, errors } });
    });

    it.each(['GET', 'PUT', 'DELETE'])(`%s ${object}`, async (method) => {
      const { status, text } = await sendRaw(servers.storage, { method, target: object, headers });
      expect(status).toBe(403);
      expect(text).toBe(
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>AccessDenied</Code>" +
          `<Message>${message}</Message></Error>`,
      );
    });
  });

  it.each([
    ['cross-site', 'navigate'],
    ['same-site', 'navigate'],
  ])('gives a signed object to a browser that follows a link from %s', async (site, mode) => {
    const reply = await follow('GET', { 'sec-fetch-site': site, 'sec-fetch-mode': mode });
    expect([reply.status, reply.text]).toEqual([200, 'seen']);
  });

  it.each([
    ['signed for another length of time', 'GET', 'Expires=300', 'Expires=301'],
    ['without its signature', 'GET', /&X-Goog-Signature=.*/, ''],
    ['of the JSON API', 'GET', object, '/storage/v1/b/jobgate-results/o/seen.txt'],
  ])('gives a browser nothing for a link %s', async (_, method, from, to) => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    const target = (await signTarget(servers, { path: object })).replace(from, to);
    expect((await sendRaw(servers.storage, { method, target, headers })).status).toBe(403);
  });

  it('takes nothing from a page by a signed link, nor by another name of this machine', async () => {
    const put = await follow('PUT', { origin: 'https://web.example' });
    expect([put.status, put.text]).toEqual([403, expect.stringContaining(`${page} Origin.`)]);
    const renamed = await follow('GET', { host: 'web.example' });
    expect([renamed.status, renamed.text]).toEqual([403, expect.stringContaining(name)]);
  });
});

async function follow(
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawReply> {
  const host = headers['host'] ?? new URL(servers.storage).host;
  const target = await signTarget(servers, { path: object, method, host });
  return sendRaw(servers.storage, { method, target, headers });
}

/** Lists batches; returns how that fails, or undefined when it does not. */
function callGrpc({
  authority,
  ...headers
}: Readonly<Record<string, string>>): Promise<object | undefined> {
  const client = new Client(new URL(servers.google).host, credentials.createInsecure(), {
    ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
  });
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  const pass = (message: Buffer) => message;
  // Field 1, the parent, is a text.
  const bytes = Buffer.concat([Buffer.of(0x0a, parent.length), Buffer.from(parent)]);
  return new Promise((resolve) => {
    const path = '/google.cloud.dataproc.v1.BatchController/ListBatches';
    client.makeUnaryRequest(path, pass, pass, bytes, metadata, {}, (error) => {
      client.close();
      resolve(error === null ? undefined : { code: error.code, details: error.details });
    });
  });
}
