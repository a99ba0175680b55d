import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock, type LockHolder } from '../../../local/setup/file-lock.mjs';
import { identifySelf } from '../../../local/setup/process-identity.mjs';
import { makeFolder } from './folders.ts';

const lockModule = join(import.meta.dirname, '../../../local/setup/file-lock.mjs');

/** Takes the lock, counts up in a file by read, pause and write, and gives the lock back. */
const CONTENDER = `
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock } from ${JSON.stringify(lockModule)};
const [lock, counter] = process.argv.slice(-2);
const held = await acquireLock(lock, { purpose: 'counting' });
const count = Number(readFileSync(counter, 'utf8'));
await sleep(20);
writeFileSync(counter, String(count + 1));
held.release();
`;

function writeDeadLock(path: string): void {
  const dead = { pid: process.pid, startTime: 'long.ago', purpose: 'dying' };
  writeFileSync(path, JSON.stringify(dead));
}

function runContender(lock: string, counter: string): Promise<number | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-', lock, counter], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  child.stdin.end(CONTENDER);
  return new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

describe('acquireLock', () => {
  it.each(['', '{"pid":', 'null', '{}'])('takes over a damaged lock: %j', async (text) => {
    const lock = join(makeFolder(), 'lock');
    writeFileSync(lock, text);
    const held = await acquireLock(lock, { purpose: 'testing' });
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ pid: process.pid });
    held.release();
    expect(readdirSync(join(lock, '..'))).toEqual([]);
  });

  it('waits while a living process holds the lock, and says who holds it', async () => {
    const path = join(makeFolder(), 'lock');
    const first = await acquireLock(path, { purpose: 'installing' });
    const holders: LockHolder[] = [];
    const onWait = (holder: LockHolder) => {
      holders.push(holder);
      first.release();
    };
    const second = await acquireLock(path, { purpose: 'waiting', onWait });
    second.release();
    expect(holders).toEqual([{ ...identifySelf(), purpose: 'installing' }]);
  });

  it('takes over the lock of a process that died, even if its process id is in use again', async () => {
    const path = join(makeFolder(), 'lock');
    writeDeadLock(path);
    const waits: LockHolder[] = [];
    const onWait = (holder: LockHolder) => waits.push(holder);
    const lock = await acquireLock(path, { purpose: 'installing', onWait });
    expect(waits).toEqual([]);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ purpose: 'installing' });
    lock.release();
  });

  it('takes over when a process died in the middle of taking over', async () => {
    const folder = makeFolder();
    writeDeadLock(join(folder, 'lock'));
    writeDeadLock(join(folder, 'lock.claim'));
    const lock = await acquireLock(join(folder, 'lock'), { purpose: 'installing' });
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('lets eight processes that find a dead lock at once go one after another', async () => {
    const folder = makeFolder();
    const [path, counter] = [join(folder, 'lock'), join(folder, 'counter')];
    writeDeadLock(path);
    writeFileSync(counter, '0');
    const ends = await Promise.all(Array.from({ length: 8 }, () => runContender(path, counter)));
    expect(ends).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('8');
    expect(readdirSync(folder)).toEqual(['counter']);
  });

  it('stops waiting when it is aborted, and leaves the lock to its holder', async () => {
    const path = join(makeFolder(), 'lock');
    const first = await acquireLock(path, { purpose: 'installing' });
    const controller = new AbortController();
    const onWait = () => {
      controller.abort();
    };
    const options = { purpose: 'waiting', onWait, signal: controller.signal };
    await expect(acquireLock(path, options)).rejects.toMatchObject({ name: 'AbortError' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ purpose: 'installing' });
    first.release();
  });
});
