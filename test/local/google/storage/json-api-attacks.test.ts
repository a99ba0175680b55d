import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseList, parseObject } from '../../../../local/google/shape.ts';
import { type Reply, send, startGoogle } from '../google-server.ts';
import { type LocalServer, makeFolder } from '../local-server.ts';
import { type RawReply, type RawRequest, sendRaw } from './signing.ts';

const [folder, removeFolder] = makeFolder();
const token = 'signer-token';
let server: LocalServer;
let storage: string;

beforeAll(async () => {
  server = await startGoogle(folder, { run: 'json-api-attacks-test' });
  storage = String(server.ready['storage']);
});

beforeEach(async () => {
  await insert('uploads/hello.txt', 'hello');
});

afterAll(removeFolder);
afterAll(async () => {
  await server.stop();
});

function insert(name: string, body: string, query = ''): Promise<Reply> {
  const url = `${storage}/upload/storage/v1/b/jobgate-results/o?uploadType=media&name=`;
  return send(`${url}${encodeURIComponent(name)}${query}`, { method: 'POST', token, body });
}

function call(
  target: string,
  changes: Partial<RawRequest> & { readonly as?: string } = {},
): Promise<RawReply> {
  const { as = token, headers, ...request } = changes;
  const authorization = { authorization: `Bearer ${as}` };
  return sendRaw(storage, { target, headers: { ...authorization, ...headers }, ...request });
}

const object = '/storage/v1/b/jobgate-results/o/uploads%2Fhello.txt';
const upload = '/upload/storage/v1/b';

describe('the JSON API of storage', () => {
  it.each<[string, string, Partial<RawRequest> & { readonly as?: string }, number]>([
    [
      'a path around',
      '/storage/v1/b/jobgate-results/../jobgate-data/o/rows.csv?alt=media',
      {},
      403,
    ],
    [
      'an encoded path around',
      '/storage/v1/b/jobgate-results/%2e%2e/jobgate-data/o/rows.csv',
      {},
      403,
    ],
    ['a path in a bucket', '/storage/v1/b/jobgate-results%2F..%2Fjobgate-data/o/rows.csv', {}, 403],
    ['dots for a name', '/storage/v1/b/jobgate-results/o/%2E%2E%2F', {}, 400],
    ['dots in a name', '/storage/v1/b/jobgate-results/o/uploads%2F..%2Fx', {}, 400],
    ['a name of two lines', '/storage/v1/b/jobgate-results/o/a%0d%0ab', {}, 400],
    ['a name over 1024 bytes', `/storage/v1/b/jobgate-results/o/${'%C3%A4'.repeat(513)}`, {}, 400],
    ['a name that is not encoded well', '/storage/v1/b/jobgate-results/o/%zz', {}, 400],
    [
      'the neighbour of a prefix',
      `${upload}/jobgate-data/o?uploadType=media&name=go2/x`,
      { method: 'POST', as: 'reader-token' },
      403,
    ],
    [
      'a prefix without its end',
      `${upload}/jobgate-data/o?uploadType=media&name=go`,
      { method: 'POST', as: 'reader-token' },
      403,
    ],
    [
      'a way out of a prefix',
      `${upload}/jobgate-data/o?uploadType=media&name=go/../x`,
      { method: 'POST', as: 'reader-token' },
      400,
    ],
    [
      'a list above a prefix',
      '/storage/v1/b/jobgate-staging/o?delimiter=/',
      { as: 'reader-token' },
      403,
    ],
    [
      'a list beside a prefix',
      '/storage/v1/b/jobgate-staging/o?prefix=google-cloud-dataproc-metainfo',
      { as: 'reader-token' },
      403,
    ],
    [
      'two prefixes',
      '/storage/v1/b/jobgate-staging/o?prefix=&prefix=google-cloud-dataproc-metainfo/',
      { as: 'reader-token' },
      403,
    ],
    ['a list by pattern', '/storage/v1/b/jobgate-results/o?matchGlob=**', {}, 501],
    [
      'a bucket that is not read whole',
      '/storage/v1/b/jobgate-staging',
      { as: 'reader-token' },
      403,
    ],
    ['a bucket that does not exist', '/storage/v1/b/jobgate-nowhere', {}, 403],
    ['all buckets', '/storage/v1/b?project=local', {}, 403],
    [
      'a new bucket',
      '/storage/v1/b?project=local',
      { method: 'POST', body: '{"name":"new"}' },
      501,
    ],
    ['the end of a bucket', '/storage/v1/b/jobgate-results', { method: 'DELETE' }, 501],
    ['the rights on a bucket', '/storage/v1/b/jobgate-results/iam', {}, 501],
    ['a copy', `${object}/rewriteTo/b/jobgate-results/o/uploads%2Fcopy`, { method: 'POST' }, 501],
    ['an old copy', `${object}/copyTo/b/jobgate-results/o/uploads%2Fcopy`, { method: 'POST' }, 501],
    ['a composition', `${object}/compose`, { method: 'POST', body: '{}' }, 501],
    ['other metadata', object, { method: 'PATCH', body: '{}' }, 501],
    ['many calls in one', '/batch/storage/v1', { method: 'POST', body: '--x' }, 501],
    ['a condition that is not known', `${object}?ifGenerationNotMatch=1`, {}, 501],
    ['a condition that is none', `${object}?ifGenerationMatch=x`, {}, 400],
    ['two conditions', `${object}?ifGenerationMatch=1&ifGenerationMatch=2`, {}, 400],
    ['a condition that does not hold', `${object}?alt=media&ifGenerationMatch=1`, {}, 412],
    ['a generation that there is not', `${object}?alt=media&generation=1`, {}, 404],
    ['no kind of upload', `${upload}/jobgate-results/o?name=uploads/x`, { method: 'POST' }, 400],
    ['a token that is none', object, { as: 'x' }, 401],
    [
      'another kind of token',
      object,
      { headers: { authorization: 'Basic c2lnbmVyLXRva2VuOg==' } },
      401,
    ],
    [
      'a token in the query',
      `${object}?access_token=${token}`,
      { headers: { authorization: '' } },
      401,
    ],
  ])('refuses %s', async (_, target, request, status) => {
    const reply = await call(target, request);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.text)).toMatchObject({ error: { code: status } });
  });

  it('goes by the method, not by a header that says another', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
    expect((await call(object, { headers })).status).toBe(200);
    expect((await call(object)).status).toBe(200);
  });

  it('deletes only the generation that it is told to', async () => {
    const { generation } = parseObject((await send(`${storage}${object}`, { token })).body, 'it');
    const remove = (match: unknown) =>
      call(`${object}?ifGenerationMatch=${String(match)}`, { method: 'DELETE' });
    expect((await remove(1)).status).toBe(412);
    expect((await call(`${object}?generation=${String(generation)}`)).status).toBe(200);
    expect((await remove(generation)).status).toBe(204);
    expect((await call(object)).status).toBe(404);
  });

  it('lists by the first prefix alone when there are several', async () => {
    await insert('uploads/sub/deep.txt', 'x');
    const target = '/storage/v1/b/jobgate-results/o?prefix=uploads/sub/&prefix=';
    const { items } = parseObject(JSON.parse((await call(target)).text), 'the list');
    expect(parseList(items, 'items', parseObject).map(({ name }) => name)).toEqual([
      'uploads/sub/deep.txt',
    ]);
  });

  it.each(['uploads/ä 漢字.txt', 'uploads/a+b%2Fc?d#e&f.txt', 'uploads/a//b', "uploads/'*()!~"])(
    'keeps the name %s as it is',
    async (name) => {
      await insert(name, 'x');
      const reply = await call(`/storage/v1/b/jobgate-results/o/${encodeURIComponent(name)}`);
      expect(JSON.parse(reply.text)).toMatchObject({ name });
    },
  );

  it('shows a bucket to an account that may read all of it', async () => {
    const reply = await call('/storage/v1/b/jobgate-results');
    expect(JSON.parse(reply.text)).toMatchObject({ name: 'jobgate-results' });
  });
});

describe('an upload in several requests', () => {
  const begin = (
    name: string,
    changes: Partial<RawRequest> & { readonly as?: string; readonly query?: string } = {},
  ) => {
    const { query = '', ...request } = changes;
    const target = `${upload}/jobgate-results/o?uploadType=resumable${query}`;
    return call(target, { method: 'POST', body: JSON.stringify({ name }), ...request });
  };
  const proceed = (location: string, range: string, body = '') => {
    const target = location.replace(storage, '');
    return sendRaw(storage, { method: 'PUT', target, headers: { 'content-range': range }, body });
  };
  const locationOf = (reply: RawReply) => String(reply.headers['location']);

  it('goes on with its URI alone, from where it was, and ends once', async () => {
    const started = await begin('uploads/parts.txt', {
      headers: { 'x-upload-content-type': 'text/x' },
    });
    const location = locationOf(started);
    expect(location).toMatch(/upload_id=[A-Za-z0-9_-]{43}$/);
    expect((await proceed(location, 'bytes */*')).status).toBe(308);
    const first = await proceed(location, 'bytes 0-3/*', 'abcd');
    expect([first.status, first.headers['range']]).toEqual([308, 'bytes=0-3']);
    const again = await proceed(location, 'bytes 2-5/*', 'cdef');
    expect([again.status, again.headers['range']]).toEqual([308, 'bytes=0-5']);
    const last = await proceed(location, 'bytes 6-7/8', 'gh');
    expect(JSON.parse(last.text)).toMatchObject({ size: '8', contentType: 'text/x' });
    expect((await proceed(location, 'bytes */8')).text).toBe(last.text);
    const media = '/storage/v1/b/jobgate-results/o/uploads%2Fparts.txt?alt=media';
    expect((await call(media)).text).toBe('abcdefgh');
  });

  it('may be of one part, or of nothing', async () => {
    const whole = locationOf(await begin('uploads/whole.txt'));
    const target = whole.replace(storage, '');
    const reply = await sendRaw(storage, { method: 'PUT', target, body: 'whole' });
    expect(JSON.parse(reply.text)).toMatchObject({ size: '5' });
    const empty = locationOf(await begin('uploads/empty.txt'));
    expect(JSON.parse((await proceed(empty, 'bytes */0')).text)).toMatchObject({
      name: 'uploads/empty.txt',
    });
  });

  it.each<[string, string, string, number]>([
    ['a gap', 'bytes 4-5/*', 'xy', 400],
    ['a range that its body does not fill', 'bytes 0-5/*', 'xy', 400],
    ['more than its length', 'bytes 0-1/1', 'xy', 400],
    ['a range that is none', 'bytes=0-1', 'xy', 400],
  ])('is refused with %s', async (_, range, body, status) => {
    const location = locationOf(await begin('uploads/refused.txt'));
    expect((await proceed(location, range, body)).status).toBe(status);
  });

  it('does not begin without the right to write, and has one bucket', async () => {
    expect((await begin('outside')).status).toBe(403);
    expect((await begin('uploads/x', { as: 'reader-token' })).status).toBe(403);
    expect((await begin('uploads/x', { as: 'x' })).status).toBe(401);
    const location = locationOf(await begin('uploads/x'));
    const elsewhere = location.replace('jobgate-results', 'jobgate-data');
    expect((await proceed(elsewhere, 'bytes 0-0/1', 'x')).status).toBe(404);
    expect((await proceed(location.replace(/.$/, '-'), 'bytes 0-0/1', 'x')).status).toBe(404);
  });

  it('ends by its condition, and may be called off', async () => {
    const name = 'uploads/condition.txt';
    const conditional = locationOf(await begin(name, { query: '&ifGenerationMatch=0' }));
    await insert(name, 'first');
    expect((await proceed(conditional, 'bytes 0-0/1', 'x')).status).toBe(412);
    const other = locationOf(await begin(name)).replace(storage, '');
    expect((await sendRaw(storage, { method: 'DELETE', target: other })).status).toBe(499);
    expect((await proceed(other, 'bytes 0-0/1', 'x')).status).toBe(404);
  });
});
