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
