import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DriverOutput } from '../../../../local/google/spark/driver-output.ts';
import { makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();
const mebibyte = 1024 * 1024;

afterAll(removeFolder);

describe("the driver's output", () => {
  it('is cut into parts of a mebibyte at most and ended by an object of no bytes', async () => {
    const file = join(folder, 'long.log');
    writeFileSync(file, 'a'.repeat(2 * mebibyte));
    const parts: (readonly [uri: string, bytes: number])[] = [];
    const output = await DriverOutput.follow(file, 'gs://b/out', (uri, content) => {
      parts.push([uri, content.length]);
      return Promise.resolve();
    });
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
    const output = await DriverOutput.follow(file, 'gs://b/out', (uri) => {
      uris.push(uri);
      return Promise.resolve();
    });
    await output.finish();
    expect(uris).toEqual(['gs://b/out.000000000']);
  });

  it('is written again where a write failed', async () => {
    const file = join(folder, 'retried.log');
    writeFileSync(file, '');
    const written: string[] = [];
    let failures = 1;
    const output = await DriverOutput.follow(file, 'gs://b/out', (uri, content) => {
      failures -= 1;
      if (failures >= 0) return Promise.reject(new Error('the store is busy'));
      written.push(`${uri}:${Buffer.from(content).toString()}`);
      return Promise.resolve();
    });
    writeFileSync(file, 'text');
    await expect(output.finish()).resolves.toBe('text');
    expect(written).toEqual(['gs://b/out.000000000:text', 'gs://b/out.000000001:']);
  });
});
