import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  readStackFile,
  removeDeadStackFile,
  removeStackFile,
  type Stack,
  writeStackFile,
} from '../../../local/up/stack-file.ts';
import { createRun, type Run } from '../../../local/up/runs.ts';
import { makeFolder } from './folders.ts';

const client = (id: string) => ({ id, secret: `secret of ${id}` });
const stack: Stack = {
  api: 'http://127.0.0.1:1/restapis/abc/local/_user_request_/v1',
  issuer: 'http://127.0.0.1:2',
  audience: 'urn:jobgate',
  tokenEndpoint: 'http://127.0.0.1:2/token',
  clients: {
    analyst: client('analyst'),
    viewer: client('viewer'),
    admin: client('admin'),
    outsider: client('outsider'),
  },
  dataproc: 'http://127.0.0.1:3',
  storage: 'http://127.0.0.1:4',
  aws: 'http://127.0.0.1:1',
  pids: [11, 12, 13],
};

function open(): { file: string; runs: string; run: Run } {
  const folder = makeFolder();
  const runs = join(folder, 'runs');
  return { file: join(folder, 'stack.json'), runs, run: createRun(runs) };
}

describe('stack.json', () => {
  it('is read back as it was written, and only this user can read it', () => {
    const { file, run } = open();
    writeStackFile(stack, run, file);
    expect(readStackFile(file)).toEqual(stack);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  });

  it('that is not there is an error that says what to do', () => {
    expect(() => readStackFile(open().file)).toThrow(
      'No local stack is up: run `npm start` in another terminal.',
    );
  });

  it('is removed by the stack that wrote it', () => {
    const { file, run } = open();
    writeStackFile(stack, run, file);
    removeStackFile(stack, run, file);
    expect(existsSync(file)).toBe(false);
  });

  it('that a killed stack left is removed, and one whose processes are there is not', () => {
    const [dead, living] = [open(), open()];
    writeStackFile({ ...stack, pids: [2 ** 30] }, dead.run, dead.file);
    writeStackFile({ ...stack, pids: [2 ** 30, process.pid] }, living.run, living.file);
    removeDeadStackFile(dead.file);
    removeDeadStackFile(living.file);
    expect([dead, living].map(({ file }) => existsSync(file))).toEqual([false, true]);
  });

  it('describes the stack that started last, and the other one again when that has ended', () => {
    const { file, runs, run } = open();
    const later = { ...stack, api: 'http://127.0.0.1:9/v1' };
    const laterRun = createRun(runs);
    writeStackFile(stack, run, file);
    writeStackFile(later, laterRun, file);
    expect(readStackFile(file)).toEqual(later);
    removeStackFile(later, laterRun, file);
    expect(readStackFile(file)).toEqual(stack);
  });

  it('is left alone when a stack ends that it does not describe', () => {
    const { file, runs, run } = open();
    const later = { ...stack, api: 'http://127.0.0.1:9/v1' };
    writeStackFile(stack, run, file);
    writeStackFile(later, createRun(runs), file);
    removeStackFile(stack, run, file);
    expect(readStackFile(file)).toEqual(later);
  });
});
