import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeServer, listenOnLoopback } from '../../../../local/google/api/http-exchange.ts';
import { toStorageError } from '../../../../local/google/storage/refusal.ts';
import { ResumableUploads } from '../../../../local/google/storage/resumable-uploads.ts';
import { StoredObjects } from '../../../../local/google/storage/stored-objects.ts';
import { waitFor } from '../google-server.ts';

const conditions = { ifGenerationMatch: undefined, generation: undefined };
const minuteMs = 60_000;
let nowMs = 0;
let uploads: ResumableUploads;
let address: string;
/** How many requests have sent their headers. */
let arrived = 0;

/** Hands every request to the uploads; its path is the id of a session. */
const server = createServer((request, response) => {
  arrived += 1;
  uploads.continue((request.url ?? '').slice(1), 'bucket', request).then(
    ({ status, headers }) => response.writeHead(status, headers).end(),
    (error: unknown) => {
      request.resume();
      response.writeHead(toStorageError(error).status).end();
    },
  );
});

beforeAll(async () => {
  address = await listenOnLoopback(server);
});

beforeEach(() => {
  nowMs = 0;
  const now = () => new Date(nowMs);
  uploads = new ResumableUploads(new StoredObjects('http://127.0.0.1:9'), { now, maxBytes: 1000 });
});

afterAll(() => closeServer(server));

function begin(name = 'a'): string {
  return uploads.begin({ bucket: 'bucket', name }, 'text/plain', conditions);
}

/** Sends a part of an upload that goes on; returns the status. */
async function put(id: string, start: number, length: number): Promise<number> {
  const range = `bytes ${start}-${start + length - 1}/*`;
  const headers = { 'content-range': range };
  const body = 'x'.repeat(length);
  return (await fetch(`${address}/${id}`, { method: 'PUT', headers, body })).status;
}

async function ask(id: string): Promise<number> {
  const headers = { 'content-range': 'bytes */*' };
  return (await fetch(`${address}/${id}`, { method: 'PUT', headers })).status;
}

describe('a resumable upload', () => {
  it('ends when nobody has gone on with it for ten minutes', async () => {
    const [idle, busy] = [begin(), begin()];
    nowMs = 10 * minuteMs - 1;
    expect(await ask(busy)).toBe(308);
    nowMs += 1;
    expect(await ask(idle)).toBe(404);
    nowMs += 9 * minuteMs;
    expect(await ask(busy)).toBe(308);
  });

  it('gives its room to a later one, the longest idle first', async () => {
    const [one, two, three] = [begin(), begin(), begin()];
    expect(await put(one, 0, 400)).toBe(308);
    expect(await put(two, 0, 400)).toBe(308);
    expect(await put(one, 400, 100)).toBe(308);
    expect(await put(three, 0, 400)).toBe(308);
    expect([await ask(one), await ask(two), await ask(three)]).toEqual([308, 404, 308]);
  });

  it('takes room once for what comes again', async () => {
    const [one, other] = [begin(), begin()];
    expect(await put(other, 0, 300)).toBe(308);
    for (const length of [300, 300, 350, 350]) expect(await put(one, 0, length)).toBe(308);
    expect([await put(begin(), 0, 300), await ask(one), await ask(other)]).toEqual([308, 308, 308]);
  });

  it('cannot be longer than all the room that there is', async () => {
    const [one, other] = [begin(), begin()];
    expect(await put(other, 0, 1)).toBe(308);
    expect(await put(one, 0, 1001)).toBe(413);
    expect(await ask(other)).toBe(308);
    expect(await put(one, 0, 1000)).toBe(308);
    expect(await ask(other)).toBe(404);
  });

  it('makes room for another when it is cancelled while its body is read', async () => {
    const id = begin();
    const { finish, answer } = putSlowly(id, 500);
    await arrivals(1);
    uploads.cancel(id);
    finish();
    expect(await answer).toBe(404);
    expect(await put(begin(), 0, 1000)).toBe(308);
  });

  it('cannot pass the bound together with others that are read at the same time', async () => {
    const slow = [begin(), begin()].map((id) => putSlowly(id, 450));
    await arrivals(2);
    expect(
      await waitFor(async () => ((await put(begin(), 0, 200)) === 429 ? true : undefined)),
    ).toBe(true);
    for (const { finish } of slow) finish();
    expect(await Promise.all(slow.map(({ answer }) => answer))).toEqual([308, 308]);
  });

  it('of which there are too many ends the longest idle one', async () => {
    const first = begin();
    const second = begin();
    expect(await ask(first)).toBe(308);
    for (let count = 0; count < 63; count += 1) begin();
    expect([await ask(first), await ask(second)]).toEqual([308, 404]);
  });
});

/** Sends all of a body but its last byte, which follows when it is told to. */
function putSlowly(
  id: string,
  length: number,
): { readonly finish: () => void; readonly answer: Promise<number> } {
  arrived = 0;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(Buffer.alloc(length - 1));
  const finish = () => {
    void writer.write(Buffer.alloc(1));
    void writer.close();
  };
  const headers = { 'content-range': `bytes 0-${length - 1}/*` };
  const init = { method: 'PUT', headers, body: readable, duplex: 'half' } as const;
  return { finish, answer: fetch(`${address}/${id}`, init).then(({ status }) => status) };
}

function arrivals(count: number): Promise<true> {
  return waitFor(() => Promise.resolve(arrived >= count ? true : undefined));
}
