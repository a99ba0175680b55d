import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  DriverOutput,
  type OutputPosition,
  type PutObject,
} from '../../../../local/google/spark/driver-output.ts';
import { waitFor } from '../google-server.ts';
import { makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const mebibyte = 1024 * 1024;

afterAll(removeFolder);

describe("the driver's output", () => {
  it('is cut into parts of a mebibyte at most and ended by an object of no bytes', async () => {
    const file = join(folder, 'long.log');
    writeFileSync(file, 'a'.repeat(2 * mebibyte));
    const parts: (readonly [uri: string, bytes: number])[] = [];
    const put: PutObject = (uri, content) => {
      parts.push([uri, content.length]);
      return Promise.resolve();
    };
    const output = await DriverOutput.follow(file, 'gs://b/out', { put });
    appendFileSync(file, 'last');
    expect(await output.finish()).toBe(`${'a'.repeat(65_532)}last`);
    expect(parts).toEqual([
      ['gs://b/out.000000000', mebibyte],
      ['gs://b/out.000000001', mebibyte],
      ['gs://b/out.000000002', 4],
      ['gs://b/out.000000003', 0],
    ]);
  });

  it('of a driver that wrote nothing is one object of no bytes', async () => {
    const file = join(folder, 'empty.log');
    writeFileSync(file, '');
    const uris: string[] = [];
    const put: PutObject = (uri) => {
      uris.push(uri);
      return Promise.resolve();
    };
    const output = await DriverOutput.follow(file, 'gs://b/out', { put });
    await output.finish();
    expect(uris).toEqual(['gs://b/out.000000000']);
  });

  it('is written again where a write failed', async () => {
    const file = join(folder, 'retried.log');
    writeFileSync(file, '');
    const written: string[] = [];
    let failures = 1;
    const put: PutObject = (uri, content) => {
      failures -= 1;
      if (failures >= 0) return Promise.reject(new Error('the store is busy'));
      written.push(`${uri}:${Buffer.from(content).toString()}`);
      return Promise.resolve();
    };
    const output = await DriverOutput.follow(file, 'gs://b/out', { put });
    writeFileSync(file, 'text');
    await expect(output.finish()).resolves.toBe('text');
    expect(written).toEqual(['gs://b/out.000000000:text', 'gs://b/out.000000001:']);
  });

  it('goes on from any position with the very parts that the killed server wrote or would have', async () => {
    const file = join(folder, 'resumed.log');
    writeFileSync(file, 'one\ntwo\n');
    const positions: OutputPosition[] = [];
    const written = new Map<string, string>();
    const put: PutObject = (uri, content) => {
      written.set(uri, Buffer.from(content).toString());
      return Promise.resolve();
    };
    const save = (position: OutputPosition) => positions.push(position);
    const first = await DriverOutput.follow(file, 'gs://b/out', { put, save });
    await first.finish();
    expect(positions).toEqual([{ parts: 0, offset: 0, pending: 8 }]);
    appendFileSync(file, 'three\n');
    const [from] = positions;
    const second = await DriverOutput.follow(file, 'gs://b/out', { put, ...(from && { from }) });
    expect(await second.finish()).toBe('one\ntwo\nthree\n');
    expect([...written]).toEqual([
      ['gs://b/out.000000000', 'one\ntwo\n'],
      ['gs://b/out.000000001', 'three\n'],
      ['gs://b/out.000000002', ''],
    ]);
  });

  it('ends at the bound with a line that says so, and so does the file', async () => {
    const file = join(folder, 'endless.log');
    writeFileSync(file, 'x'.repeat(1000));
    let stored = '';
    const put: PutObject = (_, content) => {
      stored += Buffer.from(content).toString();
      return Promise.resolve();
    };
    const output = await DriverOutput.follow(file, 'gs://b/out', { put, maxBytes: 400 });
    await waitFor(() => Promise.resolve(statSync(file).size === 400 ? true : undefined));
    appendFileSync(file, 'ValueError: last');
    expect((await output.finish()).endsWith('xxValueError: last')).toBe(true);
    expect(stored).toBe(
      `${'x'.repeat(400)}\n[The driver printed more than 400 bytes; the rest is left out.]\n`,
    );
  });
});
