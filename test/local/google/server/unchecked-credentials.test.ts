import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, makeBatch, parent, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
let server: LocalServer;
let google: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'unchecked', checkCredentials: false });
  google = String(server.ready['google']);
});

afterAll(async () => {
  await server.stop();
  removeFolder();
});

describe('a caller whose credentials are not checked', () => {
  it('creates batches as any account', async () => {
    const url = `${google}/v1/${parent}/batches?batchId=by-anyone`;
    expect(await send(url, { method: 'POST', body: makeBatch('noop.py') })).toMatchObject({
      status: 200,
      body: { metadata: { batch: `${parent}/batches/by-anyone` } },
    });
    expect(await send(`${google}/v1/${parent}/batches/by-anyone`)).toMatchObject({
      body: { creator: 'anyone' },
    });
  });

  it('reads and writes objects', async () => {
    const storage = String(server.ready['storage']);
    const upload = `${storage}/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=a.txt`;
    expect((await send(upload, { method: 'POST', body: 'hello' })).status).toBe(200);
    const content = `${storage}/storage/v1/b/jobgate-results/o/a.txt?alt=media`;
    expect((await send(content, { token: 'whatever' })).text).toBe('hello');
  });

  it('gets tokens of the accounts that there are', async () => {
    const body = { scope: ['https://www.googleapis.com/auth/cloud-platform'] };
    const call = (email: string) =>
      send(`${google}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`, {
        ...{ method: 'POST', body },
      });
    expect(await call(accounts.reader)).toMatchObject({ status: 200 });
    expect(await call('nobody@local.iam.gserviceaccount.com')).toMatchObject({ status: 403 });
  });
});
