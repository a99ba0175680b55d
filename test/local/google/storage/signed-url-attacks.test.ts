import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { type RawReply, type RawRequest, sendRaw, type Signing, signTarget } from './signing.ts';

const [folder, removeFolder] = makeFolder();
const path = '/jobgate-results/uploads/hello.txt';
const good: Signing = { path };
const put: Signing = { path: '/jobgate-results/uploads/put.txt', method: 'PUT' };
let server: LocalServer;
let servers: { readonly google: string; readonly storage: string };

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'signed-url-attacks-test' });
  servers = { google: String(server.ready['google']), storage: String(server.ready['storage']) };
  const insert = '/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=';
  for (const name of ['uploads/hello.txt', 'uploads/other.txt'])
    await send(`${servers.storage}${insert}${encodeURIComponent(name)}`, {
      ...{ method: 'POST', token: 'signer-token', body: `content of ${name}` },
    });
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

interface Attack {
  /** What the signer signs. */
  readonly signing?: Signing;
  /** What is made of it; the default is what it was signed for. */
  readonly request?: (target: string) => Partial<RawRequest>;
}

async function attempt({ signing = good, request }: Attack): Promise<RawReply> {
  const target = await signTarget(servers, signing);
  const { method = 'GET', headers = {} } = signing;
  const body = method === 'PUT' ? { body: 'new' } : {};
  return sendRaw(servers.storage, { method, target, headers, ...body, ...request?.(target) });
}

function withTarget(change: (target: string) => string): Attack {
  return { request: (target) => ({ target: change(target) }) };
}

describe('a signed URL', () => {
  it.each<[string, Attack, string]>([
    ['GET', {}, 'content of uploads/hello.txt'],
    ['HEAD', { signing: { ...good, method: 'HEAD' } }, ''],
    ['PUT', { signing: put }, ''],
  ])('is good for the %s that it was signed for', async (_, attack, text) => {
    expect(await attempt(attack)).toMatchObject({ status: 200, text });
  });

  it('names the file as it was signed to', async () => {
    const query = { 'response-content-disposition': 'attachment; filename="a.txt"' };
    const reply = await attempt({ signing: { ...good, query } });
    expect(reply.headers['content-disposition']).toBe('attachment; filename="a.txt"');
  });

  it.each<[string, Attack, string]>([
    ['one more parameter', withTarget((target) => `${target}&x=1`), '403 SignatureDoesNotMatch'],
    [
      'a file name that was not signed',
      withTarget((target) => `${target}&response-content-disposition=inline`),
      '403 SignatureDoesNotMatch',
    ],
    [
      'a parameter twice',
      withTarget((target) => `${target}&X-Goog-Expires=300`),
      '400 AuthorizationQueryParametersError',
    ],
    [
      'a parameter twice, once in disguise',
      withTarget((target) => `${target}&X%2DGoog-Expires=604800`),
      '400 AuthorizationQueryParametersError',
    ],
    [
      'a parameter in small letters',
      withTarget((target) => `${target}&x-goog-expires=604800`),
      '403 SignatureDoesNotMatch',
    ],
    [
      'a longer life than was signed',
      withTarget((target) => target.replace('Expires=300', 'Expires=3000')),
      '403 SignatureDoesNotMatch',
    ],
    [
      'a life over 7 days',
      { signing: { ...good, expires: '604801' } },
      '400 AuthorizationQueryParametersError',
    ],
    [
      'another object',
      withTarget((target) => target.replace('hello', 'other')),
      '403 SignatureDoesNotMatch',
    ],
    [
      'another bucket',
      withTarget((target) => target.replace('jobgate-results', 'jobgate-data')),
      '403 SignatureDoesNotMatch',
    ],
    [
      'a way around',
      withTarget((target) => target.replace('/hello', '/x/../other')),
      '403 SignatureDoesNotMatch',
    ],
    [
      'an encoded slash',
      withTarget((target) => target.replace('/hello', '%2Fhello')),
      '403 SignatureDoesNotMatch',
    ],
    [
      'a name encoded twice',
      withTarget((target) => target.replace('hello', '%2568ello')),
      '403 SignatureDoesNotMatch',
    ],
    [
      'a name that is not encoded well',
      withTarget((target) => target.replace('hello', '%zz')),
      '400 InvalidArgument',
    ],
    [
      'a GET used to put',
      { request: () => ({ method: 'PUT', body: 'x' }) },
      '403 SignatureDoesNotMatch',
    ],
    ['a GET used to delete', { request: () => ({ method: 'DELETE' }) }, '501 NotImplemented'],
    [
      'a PUT used to get',
      { signing: put, request: () => ({ method: 'GET', body: '' }) },
      '403 SignatureDoesNotMatch',
    ],
    ['an end in the past', { signing: { ...good, fromNowSeconds: -302 } }, '403 ExpiredToken'],
    ['a date to come', { signing: { ...good, fromNowSeconds: 1200 } }, '403 AccessDenied'],
    [
      'a credential of another day',
      { signing: { ...good, day: '20200101' } },
      '400 AuthorizationQueryParametersError',
    ],
    [
      'a signer that did not sign',
      { signing: { ...good, email: 'jg-read-local@local.iam.gserviceaccount.com' } },
      '403 SignatureDoesNotMatch',
    ],
    [
      'a signed header that is not sent',
      {
        signing: { ...put, headers: { 'content-type': 'text/csv' } },
        request: () => ({ headers: {} }),
      },
      '400 MalformedSecurityHeader',
    ],
    [
      'a header of Google that is not signed',
      { signing: put, request: () => ({ headers: { 'x-goog-if-generation-match': '1' } }) },
      '400 MalformedSecurityHeader',
    ],
    [
      'a bucket in the host',
      {
        signing: { ...good, host: 'jobgate-data.storage.googleapis.com' },
        request: () => ({ headers: { host: 'jobgate-data.storage.googleapis.com' } }),
      },
      '403 AccessDenied',
    ],
    [
      'an object that its signer may not read',
      { signing: { path: '/jobgate-data/rows.csv' } },
      '403 AccessDenied',
    ],
    [
      'an object that its signer may not write',
      { signing: { ...put, path: '/jobgate-results/x' } },
      '403 AccessDenied',
    ],
    ['dots for a name', { signing: { path: '/jobgate-results/..' } }, '400 InvalidArgument'],
    [
      'dots in a name',
      { signing: { path: '/jobgate-results/uploads/../x' } },
      '400 InvalidArgument',
    ],
    ['the access list', { signing: { ...good, query: { acl: '' } } }, '501 NotImplemented'],
    [
      'another generation',
      { signing: { ...good, query: { generation: '1' } } },
      '501 NotImplemented',
    ],
    [
      'a line break in the file name',
      { signing: { ...good, query: { 'response-content-disposition': 'a\r\nx: y' } } },
      '400 InvalidArgument',
    ],
    [
      'a copy in the place of an upload',
      { signing: { ...put, headers: { 'x-goog-copy-source': '/jobgate-data/rows.csv' } } },
      '501 NotImplemented',
    ],
    [
      'the digest of another body',
      { signing: { ...put, headers: { 'x-goog-content-sha256': '0'.repeat(64) } } },
      '501 NotImplemented',
    ],
    [
      'many objects to delete',
      { request: () => ({ method: 'POST', target: '/jobgate-results?delete', body: '<Delete/>' }) },
      '501 NotImplemented',
    ],
    [
      'no signature',
      withTarget((target) => target.replace(/&X-Goog-Signature.*/, '')),
      '403 AccessDenied',
    ],
  ])('is refused with %s', async (_, attack, expected) => {
    const { status, text } = await attempt(attack);
    expect(`${status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? text}`).toBe(expected);
  });

  it('is refused with HEAD when it was signed for GET', async () => {
    expect((await attempt({ request: () => ({ method: 'HEAD' }) })).status).toBe(403);
  });
});

const text = 'print(spark.range(3).count())\n';
const type = 'text/x-python';
/** What a link to put exactly one content, once, is signed with. */
const upload: Readonly<Record<string, string>> = {
  'content-md5': 'XUa5qjmgv39WcK1qhSzzJQ==',
  'content-type': type,
  'x-goog-content-length-range': '30,30',
  'x-goog-if-generation-match': '0',
};

/** Signs a link for a name and uses it, with other headers or another body than it was made for. */
async function putUpload(name: string, sent: Partial<RawRequest> = {}): Promise<RawReply> {
  const signing = { path: `/jobgate-results/uploads/${name}`, method: 'PUT', headers: upload };
  const target = await signTarget(servers, signing);
  return sendRaw(servers.storage, { method: 'PUT', target, headers: upload, body: text, ...sent });
}

async function readUpload(name: string): Promise<RawReply> {
  const target = await signTarget(servers, { path: `/jobgate-results/uploads/${name}` });
  return sendRaw(servers.storage, { target });
}

function toOutcome({ status, text: body }: RawReply): string {
  return `${status} ${/<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? body}`;
}

function without(name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(upload).filter(([key]) => key !== name));
}

/** The same size, and another content. */
const other = 'print(spark.range(9).count())\n';

describe('a link to put one content, once', () => {
  it('stores it with its type', async () => {
    expect(toOutcome(await putUpload('etl.py'))).toBe('200 ');
    const { status, text: stored, headers } = await readUpload('etl.py');
    expect([status, stored, headers['content-type']]).toEqual([200, text, type]);
  });

  it('does not store it twice, and what is there stays', async () => {
    expect(toOutcome(await putUpload('once.py'))).toBe('200 ');
    expect(toOutcome(await putUpload('once.py'))).toBe('412 PreconditionFailed');
    expect((await readUpload('once.py')).text).toBe(text);
  });

  it('lets one of two through that come at once', async () => {
    const both = await Promise.all([putUpload('race.py'), putUpload('race.py')]);
    expect(both.map(toOutcome).sort()).toEqual(['200 ', '412 PreconditionFailed']);
  });

  it.each<readonly [string, Partial<RawRequest>, string]>([
    ['another content of that size', { body: other }, '400 BadDigest'],
    ['a shorter content', { body: 'print()\n' }, '400 EntityTooSmall'],
    ['a longer content', { body: `${text}#` }, '400 EntityTooLarge'],
    ['no content', { body: '' }, '400 EntityTooSmall'],
    [
      'another type',
      { headers: { ...upload, 'content-type': 'text/html' } },
      '403 SignatureDoesNotMatch',
    ],
    ['no type', { headers: without('content-type') }, '400 MalformedSecurityHeader'],
    [
      'the MD5 of another content',
      { headers: { ...upload, 'content-md5': 'E6XY/wnAzJQ31DYhxjPo1A==' }, body: other },
      '403 SignatureDoesNotMatch',
    ],
    ['no MD5', { headers: without('content-md5'), body: other }, '400 MalformedSecurityHeader'],
    [
      'a wider range',
      { headers: { ...upload, 'x-goog-content-length-range': '0,99' }, body: `${text}#` },
      '403 SignatureDoesNotMatch',
    ],
    [
      'no range',
      { headers: without('x-goog-content-length-range') },
      '400 MalformedSecurityHeader',
    ],
    [
      'leave to replace what is there',
      { headers: { ...upload, 'x-goog-if-generation-match': '1' } },
      '403 SignatureDoesNotMatch',
    ],
    [
      'no condition',
      { headers: without('x-goog-if-generation-match') },
      '400 MalformedSecurityHeader',
    ],
    [
      'metadata beside',
      { headers: { ...upload, 'x-goog-meta-owner': 'eve' } },
      '400 MalformedSecurityHeader',
    ],
    [
      'a list of readers beside',
      { headers: { ...upload, 'x-goog-acl': 'public-read' } },
      '400 MalformedSecurityHeader',
    ],
    [
      'a content in chunks, whose size nobody knows before',
      { headers: { ...upload, 'transfer-encoding': 'chunked' } },
      '400 EntityTooLarge',
    ],
    ['another method', { method: 'POST' }, '501 NotImplemented'],
  ])('stores nothing with %s', async (name, sent, expected) => {
    const file = `${name.replaceAll(/[^a-z]/g, '-')}.py`;
    expect(toOutcome(await putUpload(file, sent))).toBe(expected);
    expect(toOutcome(await readUpload(file))).toBe('404 NoSuchKey');
  });

  it('is refused where its MD5 is none', async () => {
    const headers = { ...upload, 'content-md5': 'none' };
    const path = '/jobgate-results/uploads/none.py';
    const target = await signTarget(servers, { path, method: 'PUT', headers });
    const reply = await sendRaw(servers.storage, { method: 'PUT', target, headers, body: text });
    expect(toOutcome(reply)).toBe('400 InvalidDigest');
    expect(toOutcome(await readUpload('none.py'))).toBe('404 NoSuchKey');
  });

  it('is refused when it has ended', async () => {
    const signing = { path: '/jobgate-results/uploads/late.py', method: 'PUT', headers: upload };
    const target = await signTarget(servers, { ...signing, fromNowSeconds: -302 });
    const raw = { method: 'PUT', target, headers: upload, body: text };
    expect(toOutcome(await sendRaw(servers.storage, raw))).toBe('403 ExpiredToken');
  });
});
