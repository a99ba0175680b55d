import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseObject } from '../../../../local/google/shape.ts';
import { accounts, type Reply, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { type Signing, signTarget } from './signing.ts';

const [folder, removeFolder] = makeFolder();
const token = 'signer-token';
const uploads = 'jobgate-results/uploads';
let server: LocalServer;
let google: string;
let storage: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'storage-test' });
  google = String(server.ready['google']);
  storage = String(server.ready['storage']);
  await insert('uploads/hello.txt', 'hello, world');
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

function insert(name: string, body: string, query = '', headers = {}): Promise<Reply> {
  const url = `${storage}/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=${name}${query}`;
  return send(url, { method: 'POST', token, body, headers });
}

function objectUrl(bucket: string, name: string): string {
  return `${storage}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
}

function errorOf(reply: Reply): unknown {
  return parseObject(reply.body, 'the error')['error'];
}

async function signUrl(signing: Signing): Promise<string> {
  return `${storage}${await signTarget({ google, storage }, signing)}`;
}

function callSignBlob(email: string, bearer: string, text: string): Promise<Reply> {
  const body = { payload: Buffer.from(text).toString('base64') };
  const url = `${google}/v1/projects/-/serviceAccounts/${email}:signBlob`;
  return send(url, { method: 'POST', token: bearer, body });
}

describe('the JSON API of storage', () => {
  it('gives an object, a range of it and its metadata to an account that may read it', async () => {
    const url = objectUrl('jobgate-results', 'uploads/hello.txt');
    expect(await send(`${url}?alt=media`, { token })).toMatchObject({
      status: 200,
      text: 'hello, world',
    });
    const range = await send(`${url}?alt=media`, { token, headers: { range: 'bytes=7-11' } });
    expect([range.status, range.text]).toEqual([206, 'world']);
    const after = await send(`${url}?alt=media`, { token, headers: { range: 'bytes=12-' } });
    expect(after.status).toBe(416);
    const metadata = await send(url, { token });
    expect(metadata.body).toMatchObject({ name: 'uploads/hello.txt', size: '12' });
    expect(metadata.text).toContain(`"selfLink":"${storage}/`);
  });

  it('asks for a token, and for one that holds', async () => {
    const url = `${objectUrl('jobgate-results', 'uploads/hello.txt')}?alt=media`;
    expect(errorOf(await send(url))).toMatchObject({
      code: 401,
      errors: [{ reason: 'required' }],
    });
    expect(errorOf(await send(url, { token: 'ya29.unknown' }))).toMatchObject({
      code: 401,
      message: 'Invalid Credentials',
    });
  });

  it.each([
    ['get', 'GET', '/storage/v1/b/jobgate-data/o/rows.csv?alt=media'],
    ['list', 'GET', '/storage/v1/b/jobgate-data/o?prefix=x'],
    ['list', 'GET', '/storage/v1/b/jobgate-staging/o'],
    ['create', 'POST', '/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=outside'],
    ['delete', 'DELETE', '/storage/v1/b/jobgate-results/o/outside'],
  ])(
    'denies storage.objects.%s outside the prefixes of the account: %s %s',
    async (verb, method, path) => {
      const reply = await send(`${storage}${path}`, { method, token });
      expect(errorOf(reply)).toMatchObject({
        code: 403,
        message: `${accounts.signer} does not have storage.objects.${verb} access to the Google Cloud Storage object. Permission 'storage.objects.${verb}' denied on resource (or it may not exist).`,
      });
    },
  );

  it('inserts on the condition that nothing is there, once of many times', async () => {
    const replies = await Promise.all(
      ['a', 'b', 'c', 'd'].map((body) => insert('uploads/once.txt', body, '&ifGenerationMatch=0')),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('takes an upload of metadata and content in one body', async () => {
    const body = [
      '--cut',
      'Content-Type: application/json; charset=UTF-8',
      '',
      '{"name":"uploads/multi.csv","contentType":"text/csv"}',
      '--cut',
      'Content-Type: application/octet-stream',
      '',
      'a,b\r\n1,2',
      '--cut--',
      '',
    ].join('\r\n');
    const url = `${storage}/upload/storage/v1/b/jobgate-results/o?uploadType=multipart`;
    const headers = { 'content-type': 'multipart/related; boundary=cut' };
    const reply = await send(url, { method: 'POST', token, body, headers });
    expect(reply.body).toMatchObject({ name: 'uploads/multi.csv', contentType: 'text/csv' });
    const content = await send(`${objectUrl('jobgate-results', 'uploads/multi.csv')}?alt=media`, {
      token,
    });
    expect(content.text).toBe('a,b\r\n1,2');
  });

  it('deletes an object', async () => {
    await insert('uploads/gone.txt', 'x');
    const url = objectUrl('jobgate-results', 'uploads/gone.txt');
    expect((await send(url, { method: 'DELETE', token })).status).toBe(204);
    expect(errorOf(await send(url, { token }))).toMatchObject({
      code: 404,
      message: 'No such object: jobgate-results/uploads/gone.txt',
    });
  });

  it('says what it does not implement', async () => {
    const path = '/storage/v1/b/jobgate-results/o/a/rewriteTo/b/jobgate-results/o/b';
    const reply = await send(`${storage}${path}`, { method: 'POST', token });
    expect(reply.status).toBe(501);
  });
});

describe('a signed URL', () => {
  it('lets anybody read the object, as often as it holds', async () => {
    const url = await signUrl({ path: `/${uploads}/hello.txt` });
    for (let call = 0; call < 2; call += 1)
      expect(await send(url)).toMatchObject({ status: 200, text: 'hello, world' });
    const range = await send(url, { headers: { range: 'bytes=0-4' } });
    expect([range.status, range.text]).toEqual([206, 'hello']);
  });

  it('does not hold for another object, and says so in XML', async () => {
    const url = await signUrl({ path: `/${uploads}/hello.txt` });
    const reply = await send(url.replace('hello.txt', 'once.txt'));
    expect(reply.status).toBe(403);
    expect(reply.text).toBe(
      "<?xml version='1.0' encoding='UTF-8'?><Error><Code>SignatureDoesNotMatch</Code>" +
        '<Message>Access denied.</Message><Details>The request signature we calculated does not ' +
        'match the signature you provided. Check your Google secret key and signing method.' +
        '</Details></Error>',
    );
  });

  it('of an account that has no key here does not hold', async () => {
    const url = await signUrl({ path: `/${uploads}/hello.txt`, email: accounts.reader });
    expect((await send(url)).status).toBe(403);
  });

  it('reaches only what its account may read', async () => {
    const reply = await send(await signUrl({ path: '/jobgate-data/rows.csv' }));
    expect(reply.status).toBe(403);
    expect(reply.text).toContain(`${accounts.signer} does not have storage.objects.get access`);
  });

  it('lets anybody write one object, with the headers that it names', async () => {
    const path = `/${uploads}/put.csv`;
    const signedHeaders = { 'content-type': 'text/csv', 'x-goog-if-generation-match': '0' };
    const url = await signUrl({ path, method: 'PUT', headers: signedHeaders });
    const put = { method: 'PUT', body: 'a,b', headers: signedHeaders };
    expect((await send(url, put)).status).toBe(200);
    expect((await send(url, put)).status).toBe(412);
    const other = { ...put, headers: { ...signedHeaders, 'content-type': 'text/html' } };
    expect((await send(url, other)).status).toBe(403);
    expect((await send(await signUrl({ path }))).text).toBe('a,b');
  });

  it('may bound the size of what it lets in', async () => {
    const signedHeaders = { 'x-goog-content-length-range': '0,3' };
    const path = `/${uploads}/bounded.txt`;
    const url = await signUrl({ path, method: 'PUT', headers: signedHeaders });
    const put = { method: 'PUT', body: 'four', headers: signedHeaders };
    expect((await send(url, put)).text).toContain('<Code>EntityTooLarge</Code>');
    expect((await send(await signUrl({ path }))).status).toBe(404);
  });

  it('is needed: without a signature everybody is anonymous', async () => {
    const reply = await send(`${storage}/${uploads}/hello.txt`, { token });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain('Anonymous caller does not have storage.objects.get access');
  });
});

describe('signBlob', () => {
  it.each([
    ['another account', accounts.reader, 'signer-token'],
    ['an account that has no right to sign', accounts.reader, 'reader-token'],
  ])('is denied for %s', async (_, email, bearer) => {
    const reply = await callSignBlob(email, bearer, 'text');
    expect(errorOf(reply)).toMatchObject({
      code: 403,
      message:
        "Permission 'iam.serviceAccounts.signBlob' denied on resource (or it may not exist).",
    });
  });
});
