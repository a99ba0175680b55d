import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  readStackFile,
  removeStackFile,
  type Stack,
  writeStackFile,
} from '../../../local/up/stack-file.ts';
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

describe('stack.json', () => {
  it('is read back as it was written, and only this user can read it', () => {
    const file = join(makeFolder(), 'stack.json');
    writeStackFile(stack, file);
    expect(readStackFile(file)).toEqual(stack);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  });

  it('that is not there is an error that says what to do', () => {
    expect(() => readStackFile(join(makeFolder(), 'stack.json'))).toThrow(
      'No local stack is up: run `npm start` in another terminal.',
    );
  });

  it('is removed by the stack that wrote it', () => {
    const file = join(makeFolder(), 'stack.json');
    writeStackFile(stack, file);
    removeStackFile(stack, file);
    expect(existsSync(file)).toBe(false);
  });

  it('is left alone when another stack has written its own since', () => {
    const file = join(makeFolder(), 'stack.json');
    const later = { ...stack, api: 'http://127.0.0.1:9/v1' };
    writeStackFile(later, file);
    removeStackFile(stack, file);
    expect(readStackFile(file)).toEqual(later);
  });
});
