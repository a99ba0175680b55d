import { readdirSync } from 'node:fs';
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

describe('the output of a driver', () => {
  it('grows while it runs, from a first line that names its Java and its run', async () => {
    const program =
      'import time\nfor n in range(4):\n    print(n, flush=True)\n    time.sleep(1)\n';
    const spec = makeSpec(await storeProgram(spark.store, program));
    const driver = await spark.engine.start(spec);
    const lengths = new Set<number>();
    let over = false;
    const ended = driver.ended.finally(() => (over = true));
    await waitFor(async () => {
      lengths.add((await readOutput(spark.store.address, spec)).join('').length);
      return over ? true : undefined;
    });
    expect(await ended).toEqual({ kind: 'succeeded' });
    expect(lengths.size).toBeGreaterThanOrEqual(4);
    const output = (await readOutput(spark.store.address, spec)).join('');
    expect(output.replace(/^[\d/]{8} [\d:]{8}(.*) pid \d+,/, '<time>$1 pid <pid>,')).toBe(
      `<time> INFO SparkSubmit: driver pid <pid>, run ${spec.uuid}\n0\n1\n2\n3\n`,
    );
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
