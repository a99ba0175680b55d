import { describe, expect, it } from 'vitest';
import { readLog, type LogPage } from '../../../shared/jobs/output.ts';
import type { JobRecord } from '../../../shared/jobs/job.ts';
import { toProblem } from '../../../shared/problem.ts';
import { createClock, FAR } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

const PREFIX = 'gs://stage/google-cloud-dataproc-metainfo/u/jobs/j/driveroutput';
const RECORD = makeRecord({ state: 'running', driverOutputUri: PREFIX });
const { now } = createClock();
const ACCESS = { account: 'reader@acme.iam.gserviceaccount.com', deadline: FAR };

interface Wanted {
  readonly cursor?: number;
  readonly limitBytes?: number;
  readonly record?: JobRecord;
}

/** Reads one page of a log that lies in these parts. */
function read(parts: readonly (string | Uint8Array)[], wanted: Wanted = {}): Promise<LogPage> {
  const storage = createMemoryStorage();
  for (const [index, part] of parts.entries()) {
    storage.put(`${PREFIX}.${String(index).padStart(9, '0')}`, Buffer.from(part));
  }
  const { cursor = 0, limitBytes = 1024, record = RECORD } = wanted;
  return readLog(record, { cursor, limitBytes }, { storage, access: ACCESS, now });
}

describe('a page of the log', () => {
  it('is empty and not the end before Dataproc names the output', async () => {
    const record = makeRecord({ state: 'queued' });
    expect(await read([], { record })).toEqual({
      job: record.id,
      cursor: 0,
      next: 0,
      end: false,
      content: '',
    });
  });

  it('is the end when a job ended without output', async () => {
    const record = makeRecord({ state: 'failed', endedAt: '2026-01-15T11:59:59.000Z' });
    expect(await read([], { record })).toMatchObject({ end: true });
  });

  it('is the end half a minute after a job whose driver left its output open', async () => {
    const soon: JobRecord = { ...RECORD, state: 'cancelled', endedAt: '2026-01-15T11:59:30.000Z' };
    expect(await read(['one\n'], { record: soon })).toMatchObject({ next: 4, end: false });
    const later: JobRecord = { ...soon, endedAt: '2026-01-15T11:59:29.999Z' };
    expect(await read(['one\n'], { record: later })).toMatchObject({ next: 4, end: true });
  });

  it('joins the parts in order', async () => {
    expect(await read(['one\n', 'two\n', 'three'])).toEqual({
      job: RECORD.id,
      cursor: 0,
      next: 13,
      end: false,
      content: 'one\ntwo\nthree',
    });
  });

  it('goes on from a cursor inside a part', async () => {
    const page = await read(['one\n', 'two\n', 'three'], { cursor: 6, limitBytes: 4 });
    expect(page).toMatchObject({ cursor: 6, next: 10, content: 'o\nth' });
  });

  it('is the end when an empty part follows and everything was read', async () => {
    expect(await read(['one\n', ''])).toMatchObject({ next: 4, end: true });
    expect(await read(['one\n', ''], { limitBytes: 3 })).toMatchObject({ next: 3, end: false });
  });

  it('is empty at the present end', async () => {
    expect(await read(['one\n'], { cursor: 4 })).toMatchObject({
      next: 4,
      content: '',
      end: false,
    });
  });

  it('is refused past the end', async () => {
    const problem = await read(['one\n'], { cursor: 5 }).then(() => undefined, toProblem);
    expect(problem).toMatchObject({
      code: 'invalid_request',
      detail: 'The cursor is past the log’s end, byte 4.',
    });
  });

  it.each([
    ['two bytes', 'ab\u00e9', 3],
    ['three bytes', 'ab\u20ac', 4],
    ['four bytes', 'ab\u{1f600}', 5],
  ])('ends before a character of %s that does not fit', async (_name, text, limitBytes) => {
    expect(await read([text], { limitBytes })).toMatchObject({ next: 2, content: 'ab' });
  });

  it('ends behind a character that fits exactly', async () => {
    expect(await read(['a\u20acb'], { limitBytes: 4 })).toMatchObject({
      next: 4,
      content: 'a\u20ac',
    });
  });

  it('joins a character that lies across two parts', async () => {
    const bytes = Buffer.from('x\u20acy');
    const page = await read([bytes.subarray(0, 2), bytes.subarray(2), '']);
    expect(page).toMatchObject({ content: 'x\u20acy', next: 5, end: true });
  });

  it('waits for the rest of a character that is still being written', async () => {
    const bytes = Buffer.from('x\u20ac').subarray(0, 2);
    expect(await read([bytes])).toMatchObject({ content: 'x', next: 1, end: false });
  });

  it('shows half a character at the very end rather than never ending', async () => {
    const bytes = Buffer.from('x\u20ac').subarray(0, 2);
    expect(await read([bytes, ''])).toMatchObject({ content: 'x\ufffd', next: 2, end: true });
  });

  it('passes bytes that are no text', async () => {
    const page = await read([new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x41]), '']);
    expect(page).toMatchObject({ content: '\ufffd\ufffd\ufffd\ufffdA', next: 5, end: true });
  });

  it('keeps a byte order mark at its beginning', async () => {
    expect((await read(['ab\ufeffc'], { cursor: 2 })).content).toBe('\ufeffc');
  });

  it('leaves out what is not a numbered part', async () => {
    const storage = createMemoryStorage();
    storage.put(`${PREFIX}.000000000`, Buffer.from('one'));
    storage.put(`${PREFIX}.txt`, Buffer.from('other'));
    storage.put(`${PREFIX}2.000000000`, Buffer.from('other'));
    const page = await readLog(
      RECORD,
      { cursor: 0, limitBytes: 1024 },
      { storage, access: ACCESS, now },
    );
    expect(page.content).toBe('one');
    expect(new Set(storage.accesses)).toEqual(new Set([ACCESS]));
  });
});
