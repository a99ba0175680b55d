import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningDriver } from '../../../../local/google/spark/scheduler.ts';
import type { RunSpec } from '../../../../local/google/spark/run.ts';
import { listProcesses, waitFor } from '../google-server.ts';
import { makeFolder } from '../local-server.ts';
import {
  makeSpec,
  readOutput,
  startEngine,
  storeProgram,
  terminate,
  type TestEngine,
} from './engine.ts';

const [folder, removeFolder] = makeFolder();
let spark: TestEngine;

beforeAll(async () => {
  spark = await startEngine(folder);
});

afterAll(async () => {
  await spark.store.stop();
  removeFolder();
});

/** Starts a driver and waits until it has printed what shows that its trick is done. */
async function startTrick(program: string): Promise<readonly [RunSpec, RunningDriver]> {
  const spec = makeSpec(await storeProgram(spark.store, program));
  const driver = await spark.engine.start(spec);
  await waitFor(async () =>
    (await readOutput(spark.store.address, spec)).join('').includes('ready') ? true : undefined,
  );
  return [spec, driver];
}

const spin = 'while True:\n    print("ready", flush=True)\n    time.sleep(0.05)\n';
const tricks = {
  'ignores SIGTERM': `
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
${spin}`,
  'forks twice into a session of its own': `
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ${spin.replaceAll('\n', '\n        ')}
    os._exit(0)
time.sleep(600)
`,
  'hides with an empty environment': `
import subprocess, time
loop = ["/bin/sh", "-c", "while :; do echo ready; sleep 0.05; done"]
subprocess.Popen(loop, env={}, start_new_session=True)
time.sleep(600)
`,
  'starts processes without end': `
import os, signal, subprocess, sys, time
print("ready", flush=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    time.sleep(0.01)
`,
  'has workers of Python': `
import time
from pyspark.sql import SparkSession
def wait(n):
    print("ready", flush=True)
    time.sleep(600)
SparkSession.builder.getOrCreate().sparkContext.parallelize([1, 2], 2).foreach(wait)
`,
} as const;

describe('a driver that is ended', () => {
  it.each(Object.entries(tricks))(
    'and %s leaves no process within five seconds, and its output stays as it is',
    async (_, program) => {
      const [spec, driver] = await startTrick(program);
      expect(listProcesses(`JOBGATE_DRIVER=${spec.uuid}`).length).toBeGreaterThan(1);
      expect(await terminate(driver)).toBeLessThan(5000);
      expect(await driver.ended).toEqual({ kind: 'terminated' });
      expect(listProcesses(`JOBGATE_DRIVER=${spec.uuid}`)).toEqual([]);
      const parts = await readOutput(spark.store.address, spec);
      expect(parts.at(-1)).toBe('');
      expect(parts.slice(0, -1)).not.toContain('');
    },
  );
});

/** Prints a number, and the next one when the test has said that it saw it. */
const gated = `
import os, sys, time
for n in range(4):
    print(n, flush=True)
    while not os.path.exists(os.path.join(sys.argv[1], str(n))):
        time.sleep(0.02)
`;

describe('the output of a driver', () => {
  it('grows while it runs, from a first line that names its Java and its run', async () => {
    const gates = join(folder, 'gates');
    mkdirSync(gates);
    const spec = makeSpec(await storeProgram(spark.store, gated, { args: [gates] }));
    const driver = await spark.engine.start(spec);
    for (const n of [0, 1, 2, 3]) {
      await waitFor(async () =>
        (await readOutput(spark.store.address, spec)).join('').endsWith(`\n${n}\n`)
          ? true
          : undefined,
      );
      writeFileSync(join(gates, String(n)), '');
    }
    expect(await driver.ended).toEqual({ kind: 'succeeded' });
    const output = (await readOutput(spark.store.address, spec)).join('');
    expect(output.replace(/^[\d/]{8} [\d:]{8}(.*) pid \d+,/, '<time>$1 pid <pid>,')).toBe(
      `<time> INFO SparkSubmit: driver pid <pid>, run ${spec.uuid}\n0\n1\n2\n3\n`,
    );
  });
});

describe('two drivers, one after the other', () => {
  it('each have a Java of their own, which their first lines name', async () => {
    const work = await storeProgram(spark.store, '');
    const pids = new Set<string>();
    for (const spec of [makeSpec(work), makeSpec(work)]) {
      const driver = await spark.engine.start(spec);
      expect(await driver.ended).toEqual({ kind: 'succeeded' });
      const [first = ''] = await readOutput(spark.store.address, spec);
      pids.add(/ INFO SparkSubmit: driver pid (\d+), run /.exec(first)?.[1] ?? first);
    }
    expect([...pids]).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]);
  });
});

describe('a driver that cannot start', () => {
  it('is refused and leaves no folder', async () => {
    const args = ['x'.repeat(256 * 1024)];
    const spec = makeSpec(await storeProgram(spark.store, '', { args }));
    await expect(spark.engine.start(spec)).rejects.toThrow('E2BIG');
    expect(readdirSync(join(folder, 'data', 'runs'))).toEqual([]);
  });
});
