/**
 * An engine and an object store in a process of their own, which a test can kill.
 *
 *     node engine-server.ts <configuration.json>
 *
 * Prints `{"ready":…}` with the address of the store. Takes one command a line, such as
 * `{"do":"start","spec":{…}}`, and prints one answer for it; the ends of drivers come between.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseConfiguration } from '../../../../local/google/parse-configuration.ts';
import type { RunSpec } from '../../../../local/google/spark/run.ts';
import type { RunningDriver } from '../../../../local/google/spark/scheduler.ts';
import { makeSparkEngine } from '../../../../local/google/spark/spark-engine.ts';
import { startObjectStore } from '../../../../local/google/storage/object-store.ts';

/** What the engine is asked for. */
export type EngineCommand =
  | { readonly do: 'start' | 'resume' | 'terminate'; readonly spec: RunSpec }
  | { readonly do: 'endOrphans' };

const configuration = parseConfiguration(readFileSync(process.argv[2] ?? '', 'utf8'));
const store = await startObjectStore(configuration);
const storage = store.address;
const engine = makeSparkEngine({ ...store, configuration, storage, run: 'engine' });
const drivers = new Map<string, RunningDriver>();

function print(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function obey(command: EngineCommand): Promise<string> {
  if (command.do === 'endOrphans') {
    await engine.endOrphans();
    return 'done';
  }
  const { spec } = command;
  if (command.do === 'terminate') {
    drivers.get(spec.uuid)?.terminate();
    return 'done';
  }
  const driver = await engine[command.do](spec);
  if (driver === undefined) return 'gone';
  drivers.set(spec.uuid, driver);
  void driver.ended.then((end) => {
    print({ end });
  });
  return 'running';
}

print({ ready: storage });
createInterface(process.stdin).on('line', (line) => {
  const command = JSON.parse(line) as EngineCommand;
  void obey(command).then((answer) => {
    print({ answer });
  });
});
