import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { lockState } from '../../../../local/google/state/lock.ts';
import { makeConfig } from '../google-server.ts';
import { makeFolder, startServer, toolchain } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();

afterAll(removeFolder);

const contender = `
const { lockState } = await import(process.argv[1]);
const { createInterface } = await import('node:readline');
console.log('ready');
createInterface(process.stdin).once('line', () => {
  try {
    lockState(process.argv[2]);
    console.log('taken');
  } catch (error) {
    console.log(error.message);
  }
});
`;

/** Starts a process that tries to take the folder when it is told to. */
async function startContender(state: string) {
  const lock = join(import.meta.dirname, '../../../../local/google/state/lock.ts');
  const args = ['--input-type=module', '-e', contender, lock, state];
  const child = spawn(String(toolchain['node']), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const take = async () => {
    child.stdin.write('\n');
    return String((await lines.next()).value);
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, take, kill };
}

describe('the lock of a state folder', () => {
  it('is held by one, and by the next one when it is given back', () => {
    const state = join(folder, 'released');
    const release = lockState(state);
    const refusal = `The state folder ${state} is in use by process ${process.pid}.`;
    expect(() => lockState(state)).toThrow(refusal);
    release();
    const releaseAgain = lockState(state);
    expect(() => lockState(state)).toThrow(refusal);
    releaseAgain();
    expect(readdirSync(join(state, 'server-lock'))).toEqual(['2']);
  });

  it('is taken over from the dead by one of many', async () => {
    const state = join(folder, 'dead');
    const contenders = await Promise.all([1, 2, 3, 4].map(() => startContender(state)));
    for (let left = contenders; left.length > 0;) {
      const answers = await Promise.all(left.map(({ take }) => take()));
      const winner = left.find((_, at) => answers[at] === 'taken');
      const { pid = 0 } = winner ?? {};
      const refusal = `The state folder ${state} is in use by process ${pid}.`;
      expect(answers.filter((answer) => answer !== refusal)).toEqual(['taken']);
      const { length } = left;
      await Promise.all(left.map(({ kill }) => kill()));
      left = await Promise.all(Array.from({ length: length - 1 }, () => startContender(state)));
    }
    expect(readdirSync(join(state, 'server-lock'))).toEqual(['4']);
  });

  it("is nobody's when its file says nothing", () => {
    const state = join(folder, 'empty');
    lockState(state)();
    writeFileSync(join(state, 'server-lock', '1'), '');
    lockState(state)();
    expect(readdirSync(join(state, 'server-lock'))).toEqual(['2']);
  });

  it('keeps a second server from starting, with status 2, and the first one serves on', async () => {
    const stateDirectory = join(folder, 'served');
    const start = (name: string) =>
      startServer({ runtime: 'node', script: 'local/google/main.ts', run: 'lock-test' }, folder, {
        ...makeConfig(join(folder, name)),
        ...{ stateDirectory, seed: [] },
      });
    const first = await start('first');
    await expect(start('second')).rejects.toThrow(
      'local/google/main.ts ended with status 2: local/google: ' +
        `The state folder ${stateDirectory} is in use by process ${first.child.pid ?? 0}.\n`,
    );
    expect((await fetch(String(first.ready['storage']))).status).toBeGreaterThan(0);
    expect(first.child.exitCode).toBeNull();
    expect(await first.stop()).toBe(0);
    const third = await start('third');
    expect(await third.stop()).toBe(0);
  });
});
