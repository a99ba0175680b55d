import { describe, expect, it } from 'vitest';
import type { JobStorage } from '../../../shared/jobs/ports.ts';
import { toProblem } from '../../../shared/problem.ts';
import { createJobStorage } from '../../../shared/storage/objects.ts';
import { TransportError } from '../../../shared/transport.ts';
import { createClock, FAR } from '../../support/clock.ts';
import { createFakeSend, createRoutedSend, json, type FakeSend } from '../../support/fake-send.ts';

const ACCESS = { account: 'jg-read@acme.iam.gserviceaccount.com', deadline: FAR };

function createStorage({ send }: FakeSend): JobStorage {
  return createJobStorage({
    endpoint: 'https://storage.googleapis.com',
    iamCredentialsEndpoint: 'https://iamcredentials.googleapis.com',
    tokens: (email) => Promise.resolve(`token-of-${email}`),
    send,
    now: createClock().now,
  });
}

describe('a listing', () => {
  it('names every object of all pages with size, type and checksum', async () => {
    const fake = createFakeSend(
      json(200, {
        items: [{ name: 'a/1', size: '5', contentType: 'text/csv', md5Hash: 'm==', updated: 't' }],
        nextPageToken: 'p2',
      }),
      json(200, { items: [{ name: 'a/2', size: '9007199254740991' }] }),
    );
    expect(await createStorage(fake).list('gs://results/a/', ACCESS)).toEqual({
      objects: [
        { uri: 'gs://results/a/1', bytes: 5, contentType: 'text/csv', md5: 'm==', updatedAt: 't' },
        {
          uri: 'gs://results/a/2',
          bytes: 9_007_199_254_740_991,
          contentType: 'application/octet-stream',
          md5: null,
          updatedAt: '',
        },
      ],
      truncated: false,
    });
    expect(fake.requests.map((request) => request.url)).toEqual([
      'https://storage.googleapis.com/storage/v1/b/results/o?prefix=a%2F&maxResults=1000',
      'https://storage.googleapis.com/storage/v1/b/results/o?prefix=a%2F&maxResults=1000&pageToken=p2',
    ]);
    expect(fake.requests[0]?.headers['authorization']).toBe(
      'Bearer token-of-jg-read@acme.iam.gserviceaccount.com',
    );
  });

  it('ends after ten pages and says so', async () => {
    const fake = createRoutedSend(() => json(200, { items: [], nextPageToken: 'more' }));
    const listing = await createStorage(fake).list('gs://results/', ACCESS);
    expect(listing).toEqual({ objects: [], truncated: true });
    expect(fake.requests).toHaveLength(10);
  });

  it.each([[{}], [{ items: null }], [{ items: 'x' }]])(
    'is empty for the answer %j',
    async (answer) => {
      const fake = createFakeSend(json(200, answer));
      expect(await createStorage(fake).list('gs://results/', ACCESS)).toMatchObject({
        objects: [],
      });
    },
  );
});

describe('a range', () => {
  it('asks for exactly the bytes that are wanted', async () => {
    const answer = { status: 206, headers: {}, body: Buffer.from('cde') };
    const fake = createFakeSend(answer);
    const range = { start: 2, end: 5 };
    const bytes = await createStorage(fake).readRange('gs://stage/a/b c', range, ACCESS);
    expect(Buffer.from(bytes).toString()).toBe('cde');
    expect(fake.requests).toMatchObject([
      {
        url: 'https://storage.googleapis.com/storage/v1/b/stage/o/a%2Fb%20c?alt=media',
        headers: { range: 'bytes=2-4' },
      },
    ]);
  });

  it('is cut out of a whole object', async () => {
    const fake = createFakeSend({ status: 200, headers: {}, body: Buffer.from('abcdefg') });
    const range = { start: 2, end: 5 };
    const bytes = await createStorage(fake).readRange('gs://stage/a', range, ACCESS);
    expect(Buffer.from(bytes).toString()).toBe('cde');
  });

  it('is never asked of what is no storage URI', async () => {
    const storage = createStorage(createFakeSend());
    const read = storage.readRange('https://attacker.example/a', { start: 0, end: 1 }, ACCESS);
    await expect(read).rejects.toThrow('not a storage URI');
  });
});

describe('an object', () => {
  it('of a longer name than any has is not there, and not asked for', async () => {
    const fake = createFakeSend(json(404, {}));
    const find = (name: string) => createStorage(fake).find(`gs://results/${name}`, ACCESS);
    expect(await find(`${'a'.repeat(1_023)}ü`)).toBeUndefined();
    expect(await find('a'.repeat(2_000))).toBeUndefined();
    expect(fake.requests).toEqual([]);
    expect(await find('a'.repeat(1_024))).toBeUndefined();
    expect(fake.requests).toHaveLength(1);
  });
});

describe('storage that fails', () => {
  it.each([
    [403, 'upstream_refused'],
    [404, 'upstream_refused'],
    [401, 'upstream_error'],
    [429, 'upstream_unavailable'],
    [503, 'upstream_unavailable'],
    [302, 'upstream_refused'],
  ])('is a problem after %i', async (status, code) => {
    const storage = createStorage(createFakeSend(json(status, { error: 'gs://secret' })));
    const problem = await storage.list('gs://results/', ACCESS).then(() => undefined, toProblem);
    expect(problem).toMatchObject({ code, extras: { upstream: 'Cloud Storage' } });
    expect(problem?.detail).not.toContain('secret');
  });

  it('is a problem when it does not answer', async () => {
    const storage = createStorage(createFakeSend(new TransportError('timeout', 'late')));
    await expect(storage.list('gs://results/', ACCESS)).rejects.toMatchObject({
      code: 'upstream_timeout',
    });
  });
});
