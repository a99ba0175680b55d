import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const headers = { authorization: 'Bearer reader-token' };
let server: LocalServer;

beforeAll(async () => {
  const file = 'gs://jobgate-data/';
  const accounts = { 'a@b': makeReader(file) };
  const staticTokens = { 'reader-token': 'a@b' };
  server = await startGoogle(folder, { run: 'storage-faults', accounts, staticTokens });
});

afterAll(async () => {
  await server.stop();
  removeFolder();
});

function makeReader(prefix: string): object {
  const secrets = { access: [], manage: [] };
  return { permissions: [], actAs: [], read: [prefix], write: [], sign: false, secrets };
}

async function breakNext(rpc: string, fault: object): Promise<void> {
  const url = `${String(server.ready['google'])}/_local/faults`;
  await send(url, { method: 'POST', body: { rpc, ...fault } });
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
