import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { GoogleConfiguration } from '../../../../local/google/configuration.ts';
import { parseConfiguration } from '../../../../local/google/parse-configuration.ts';
import { parseList, parseObject, parseText, type Table } from '../../../../local/google/shape.ts';
import type { RunSpec } from '../../../../local/google/spark/run.ts';
import type { DriverEnd, RunningDriver } from '../../../../local/google/spark/scheduler.ts';
import { makeSparkEngine, type SparkEngine } from '../../../../local/google/spark/spark-engine.ts';
import type { PySparkWork, SparkWork } from '../../../../local/google/spark/work.ts';
import {
  type ObjectStore,
  startObjectStore,
} from '../../../../local/google/storage/object-store.ts';
import { makeConfig } from '../google-server.ts';

/** Makes the configuration of an engine whose folders are under the one given. */
export function makeConfiguration(folder: string, changes: Table = {}): GoogleConfiguration {
  const dataDirectory = join(folder, 'data');
  const config = { ...makeConfig(folder), dataDirectory, seed: [], ...changes };
  mkdirSync(dataDirectory, { recursive: true });
  return parseConfiguration(JSON.stringify(config));
}

/** An engine and the object store that its drivers read from. */
export interface TestEngine {
  readonly engine: SparkEngine;
  readonly store: ObjectStore;
  readonly configuration: GoogleConfiguration;
  /** Runs to the end; returns that, and the output without its first line. */
  readonly run: (
    work: SparkWork,
    properties?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly end: DriverEnd; readonly output: string }>;
}

/** Starts an engine in this process. */
export async function startEngine(folder: string, changes: Table = {}): Promise<TestEngine> {
  const configuration = makeConfiguration(folder, changes);
  const store = await startObjectStore(configuration);
  const storage = store.address;
  const engine = makeSparkEngine({ ...store, configuration, storage, run: 'engine' });
  const run: TestEngine['run'] = async (work, properties = {}) => {
    const spec = makeSpec(work, properties);
    const end = await (await engine.start(spec)).ended;
    const output = (await readOutput(storage, spec)).join('');
    return { end, output: output.slice(output.indexOf('\n') + 1) };
  };
  return { engine, store, configuration, run };
}

/** Makes a run of its own. */
export function makeSpec(
  work: SparkWork,
  properties: Readonly<Record<string, string>> = {},
): RunSpec {
  const uuid = randomUUID();
  const outputUri = `gs://jobgate-staging/${uuid}/driveroutput`;
  return { uuid, name: 'sample', work, properties, outputUri, ttlSeconds: undefined };
}

/** Stores a Python program; returns the work that runs it. */
export async function storeProgram(
  store: ObjectStore,
  text: string,
  rest: Partial<PySparkWork> = {},
): Promise<PySparkWork> {
  const mainPythonFileUri = `gs://jobgate-staging/${randomUUID()}/main.py`;
  await store.put(mainPythonFileUri, Buffer.from(text));
  const nothing = { args: [], pythonFileUris: [], jarFileUris: [], fileUris: [], archiveUris: [] };
  return { kind: 'pyspark', mainPythonFileUri, ...nothing, ...rest };
}

/** Reads the parts of a run's output, in order. */
export async function readOutput(storage: string, spec: RunSpec): Promise<readonly string[]> {
  const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(spec.outputUri) ?? [];
  const objects = `${storage}/storage/v1/b/${bucket}/o`;
  const list: unknown = await (await fetch(`${objects}?prefix=${prefix}.`)).json();
  const items = parseList(parseObject(list, 'list')['items'] ?? [], 'items', parseObject);
  const names = items.map((item) => parseText(item['name'], 'name')).sort();
  const expected = names.map((_, part) => `${prefix}.${String(part).padStart(9, '0')}`);
  if (names.join() !== expected.join()) throw new Error(`parts are missing: ${names.join()}`);
  return Promise.all(
    names.map(async (name) =>
      (await fetch(`${objects}/${encodeURIComponent(name)}?alt=media`)).text(),
    ),
  );
}

/** Ends a driver; returns how many milliseconds that took. */
export async function terminate(driver: RunningDriver): Promise<number> {
  const since = Date.now();
  driver.terminate();
  await driver.ended;
  return Date.now() - since;
}

const scala = `
package probe
import org.apache.spark.sql.SparkSession
object Greeting { def text(name: String): String = "hello " + name }
object Main {
  def main(args: Array[String]): Unit = {
    val spark = SparkSession.builder.getOrCreate()
    val files = new java.io.File(".").list().sorted.mkString(" ")
    println(s"\${spark.range(args(0).toLong).count()} rows, \${Greeting.text(args(1))}, $files")
    spark.stop()
  }
}
`;

/**
 * Compiles a program with the compiler that Spark brings. Returns its jar with the name of the main
 * class in its manifest.
 */
export async function compileJar(
  folder: string,
  { javaHome, sparkHome, python }: GoogleConfiguration['toolchain'],
): Promise<string> {
  const source = join(folder, 'Main.scala');
  const classes = join(folder, 'classes');
  const jar = join(folder, 'probe.jar');
  writeFileSync(source, scala);
  mkdirSync(join(classes, 'META-INF'), { recursive: true });
  writeFileSync(join(classes, 'META-INF', 'MANIFEST.MF'), 'Main-Class: probe.Main\n\n');
  const run = promisify(execFile);
  const compiler = ['-cp', join(sparkHome, 'jars', '*'), 'scala.tools.nsc.Main', '-usejavacp'];
  const java = join(javaHome, 'bin', 'java');
  await run(java, ['-XX:TieredStopAtLevel=1', ...compiler, '-d', classes, source]);
  await run(python, [
    '-m',
    'zipfile',
    '-c',
    jar,
    join(classes, 'META-INF'),
    join(classes, 'probe'),
  ]);
  return jar;
}
