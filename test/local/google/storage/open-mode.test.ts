import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { sendRaw, signTarget } from './signing.ts';

const [folder, removeFolder] = makeFolder();
const object = '/jobgate-results/any/where.txt';
let server: LocalServer;
let servers: { readonly google: string; readonly storage: string };

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'open-mode-test', checkCredentials: false });
  servers = { google: String(server.ready['google']), storage: String(server.ready['storage']) };
  await sendRaw(servers.storage, { method: 'PUT', target: object, body: 'open' });
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

describe('storage that checks no credentials', () => {
  it.each([
    ['no token', {}],
    ['any token', { token: 'ya29.whatever' }],
  ])('serves the JSON API with %s', async (_, who) => {
    const url = `${servers.storage}/storage/v1/b/jobgate-results`;
    const media = await send(`${url}/o/any%2Fwhere.txt?alt=media`, who);
    expect(media).toMatchObject({ status: 200, text: 'open' });
    expect((await send(url, who)).body).toMatchObject({ name: 'jobgate-results' });
    expect((await send(`${servers.storage}/storage/v1/b?project=local`, who)).text).toContain(
      'jobgate-staging',
    );
    const query = 'uploadType=media&name=from-json';
    const insert = `${servers.storage}/upload/storage/v1/b/jobgate-data/o?${query}`;
    expect((await send(insert, { ...who, method: 'POST', body: 'x' })).status).toBe(200);
  });

  it('serves an object without a signature, but not with one that does not hold', async () => {
    expect((await sendRaw(servers.storage, { target: object })).text).toBe('open');
    const target = await signTarget(servers, { path: object });
    expect((await sendRaw(servers.storage, { target })).text).toBe('open');
    const tampered = target.replace('Expires=300', 'Expires=301');
    expect((await sendRaw(servers.storage, { target: tampered })).status).toBe(403);
  });

  it('reaches nothing but its own buckets', async () => {
    for (const bucket of ['x%2F..%2F..', '..', 'jobgate-results%3Fa', 'A']) {
      const reply = await sendRaw(servers.storage, { target: `/storage/v1/b/${bucket}/o` });
      expect([400, 404, 501]).toContain(reply.status);
    }
  });
});
