import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseList, parseObject } from '../../../../local/google/shape.ts';
import { type Reply, send, startGoogle, waitFor } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { type RawReply, sendRaw, signTarget } from '../storage/signing.ts';

const [folder, removeFolder] = makeFolder();
const headers = { authorization: 'Bearer owner-token' };
let server: LocalServer;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'storage-faults' });
});

afterAll(async () => {
  await server.stop();
  removeFolder();
});

function ask(rpc: string, fault: object): Promise<Reply> {
  const url = `${String(server.ready['google'])}/_local/faults`;
  return send(url, { method: 'POST', body: { rpc, ...fault } });
}

async function breakNext(rpc: string, fault: object): Promise<void> {
  expect(await ask(rpc, fault)).toMatchObject({ status: 200 });
}

async function count(rpc: string): Promise<number> {
  const { body } = await send(`${String(server.ready['google'])}/_local/requests`);
  return Number(parseObject(body, 'the counts')[rpc] ?? 0);
}

function find(path: string): string {
  return `${String(server.ready['storage'])}/storage/v1/b/jobgate-data/o${path}`;
}

/** Reads an answer as far as it goes. */
function read(path: string): Promise<{ expected: number; text: string; whole: boolean }> {
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response
        .on('error', () => undefined)
        .on('close', () => {
          const expected = Number(response.headers['content-length']);
          resolve({ expected, text, whole: response.complete });
        });
    };
    get(find(path), { headers }, take).on('error', reject);
  });
}

describe('a fault of Cloud Storage', () => {
  it('cut-body breaks off half way through the content of an object', async () => {
    const content = await read('/rows.csv?alt=media');
    expect(content).toEqual({
      expected: 32,
      text: 'name,count\nowl,1\ngull,2\nheron,3\n',
      whole: true,
    });
    await breakNext('storage.objects.get', { status: 'cut-body' });
    const cut = { expected: 32, text: 'name,count\nowl,1', whole: false };
    expect(await read('/rows.csv?alt=media')).toEqual(cut);
  });

  it('cut-body breaks off half way through a list', async () => {
    const list = await read('');
    await breakNext('storage.objects.list', { status: 'cut-body' });
    const { expected } = list;
    expect(await read('')).toEqual({
      ...{ expected, whole: false },
      text: list.text.slice(0, Math.ceil(expected / 2)),
    });
  });

  it('tells when to come back', async () => {
    await breakNext('storage.objects.list', { status: 503, retryAfterSeconds: 4 });
    const response = await fetch(find(''), { headers });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('4');
  });

  it('drop-before breaks the connection', async () => {
    await breakNext('storage.objects.list', { status: 'drop-before' });
    await expect(read('')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await read('')).whole).toBe(true);
  });
});

const uploads = '/jobgate-results/uploads';

function insert(name: string): Promise<RawReply> {
  const target = `/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=uploads/${name}`;
  const request = { method: 'POST', target, headers, body: 'content' };
  return sendRaw(String(server.ready['storage']), request);
}

/** Follows a signed URL. */
async function follow(method: string, name: string): Promise<RawReply> {
  const google = String(server.ready['google']);
  const storage = String(server.ready['storage']);
  const target = await signTarget({ google, storage }, { path: `${uploads}/${name}`, method });
  return sendRaw(storage, { method, target, ...(method === 'PUT' ? { body: 'content' } : {}) });
}

const calls = [
  ['storage.objects.insert', insert],
  ['signedUrl.put', (name: string) => follow('PUT', name)],
  ['signedUrl.get', (name: string) => follow('GET', name)],
] as const;

describe.each(calls)('a fault of %s', (rpc, call) => {
  const name = `${rpc}.txt`;

  it('429 takes the place of the work, in the words of Cloud Storage', async () => {
    await breakNext(rpc, { status: 429 });
    const { status, text } = await call(name);
    expect(status).toBe(429);
    const message = `The local fault of ${rpc}: 429.`;
    const errors = [{ message, domain: 'global', reason: 'rateLimitExceeded' }];
    expect(text).toBe(
      rpc === 'storage.objects.insert'
        ? JSON.stringify({ error: { code: 429, message, errors } })
        : "<?xml version='1.0' encoding='UTF-8'?><Error><Code>SlowDown</Code>" +
            `<Message>${message}</Message></Error>`,
    );
    expect((await follow('GET', name)).status).toBe(404);
  });

  it('drop-after loses the answer when the work is done', async () => {
    const isWrite = rpc !== 'signedUrl.get';
    if (!isWrite) await insert(name);
    await breakNext(rpc, { status: 'drop-after' });
    await expect(call(name)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await follow('GET', name)).toMatchObject({ status: 200, text: 'content' });
  });

  it('delay makes a call late and no other one', async () => {
    const before = await count(rpc);
    await breakNext(rpc, { status: 'delay', delayMs: 1000 });
    const ended: string[] = [];
    const late = call(name).then(() => ended.push('late'));
    await waitFor(async () => ((await count(rpc)) > before ? true : undefined));
    await call(name).then(() => ended.push('other'));
    await late;
    expect(ended).toEqual(['other', 'late']);
  });
});

describe('a refusal of Cloud Storage', () => {
  it('503 has the reason and the code of a server that cannot serve', async () => {
    await breakNext('storage.objects.insert', { status: 503 });
    expect((await insert('x')).text).toContain('"reason":"backendError"');
    await breakNext('signedUrl.get', { status: 503 });
    expect((await follow('GET', 'x')).text).toContain('<Code>ServiceUnavailable</Code>');
  });

  it.each([
    ['one part', 'resumable', 'application/json', 64 * 1024],
    ['many parts', 'multipart', 'multipart/related; boundary=x', 64 * 1024 * 1024],
  ])('413 comes for a body that is too long by %s', async (_, uploadType, contentType, max) => {
    const reply = await sendRaw(String(server.ready['storage']), {
      method: 'POST',
      target: `/upload/storage/v1/b/jobgate-results/o?uploadType=${uploadType}`,
      headers: { ...headers, 'content-type': contentType },
      body: ' '.repeat(max + 8 * 1024 * 1024),
    });
    const message = `Request payload size exceeds the limit: ${max} bytes.`;
    const errors = [{ message, domain: 'global', reason: 'uploadTooLarge' }];
    expect(JSON.parse(reply.text)).toEqual({ error: { code: 413, message, errors } });
  });

  it('of an anonymous upload names the permission to create', async () => {
    const put = { method: 'PUT', target: `${uploads}/x`, body: 'x' };
    const { status, text } = await sendRaw(String(server.ready['storage']), put);
    expect(status).toBe(403);
    expect(text).toContain('Anonymous caller does not have storage.objects.create access');
  });
});

describe('a list of objects that is stale', () => {
  const list = (query: string) => send(find(query), { token: 'owner-token' });
  const names = async (query: string) => {
    const { items, prefixes } = parseObject((await list(query)).body, 'the list');
    return [parseList(items, 'items', parseObject).map(({ name }) => name), prefixes];
  };

  it('leaves out what is younger than the lag, and prefixes of nothing older', async () => {
    await waitFor(async () => {
      const { body } = await list('/rows.csv');
      const createdMs = Date.parse(String(parseObject(body, 'the object')['timeCreated']));
      return Date.now() - createdMs > 4000 ? true : undefined;
    });
    const target = '/upload/storage/v1/b/jobgate-data/o?uploadType=media&name=young/a.txt';
    await sendRaw(String(server.ready['storage']), { method: 'POST', target, headers, body: 'x' });
    await breakNext('storage.objects.list', { status: 'stale-list', lagMs: 3000 });
    expect(await names('?delimiter=/&fields=items(name),prefixes')).toEqual([['rows.csv'], []]);
    expect(await names('?delimiter=/')).toEqual([['rows.csv'], ['young/']]);
  });

  it.each(['storage.objects.get', 'storage.buckets.list', 'signedUrl.get'])(
    'is no fault of %s',
    async (rpc) => {
      const { body } = await ask(rpc, { status: 'stale-list', lagMs: 1 });
      const message = `the fault stale-list befalls lists, and ${rpc} is none.`;
      expect(body).toMatchObject({ error: { code: 400, message } });
    },
  );
});
