import { join } from 'node:path';
import { listJavaArguments } from './java-arguments.ts';
import { makeDriverEnvironment, type SparkSurroundings } from './driver-environment.ts';
import type { RunSpec } from './run.ts';
import { listStagedFiles, listWorkArguments } from './work-arguments.ts';

/** A program, its arguments and its whole environment. */
export interface SparkCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes the command of a run: what `spark-submit` starts, without the Java that it starts before to
 * put that together. Every value is one argument of its own.
 */
export function makeSparkCommand(spec: RunSpec, surroundings: SparkSurroundings): SparkCommand {
  const { toolchain, folder, storage } = surroundings;
  const submit = [
    ...listJavaArguments(spec.properties, surroundings),
    ...['--master', 'local[2]', '--name', spec.name],
    ...['--driver-class-path', toolchain.gcsConnectorJar],
    ...listSettings(spec, surroundings).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
    ...listWorkArguments(spec.work, toolchain, folder),
  ];
  const files = listStagedFiles(spec.work, toolchain);
  const stager = [
    ...[toolchain.python, '-I', join(import.meta.dirname, 'stage_files.py')],
    ...[storage, join(folder, 'work'), ...files, '--'],
  ];
  const [program = '', ...args] = files.length === 0 ? submit : [...stager, ...submit];
  return { program, args, env: makeDriverEnvironment(spec, surroundings) };
}

/** The last one of a name counts. */
function listSettings(spec: RunSpec, surroundings: SparkSurroundings) {
  return [
    ...Object.entries(defaultProperties),
    ...Object.entries(spec.properties),
    ...Object.entries(servicesProperties(surroundings)),
  ];
}

/**
 * What a run may set otherwise. Spark's own 200 partitions suit clusters; a metastore in memory
 * starts sooner than one on disk, and goes with the driver.
 */
const defaultProperties = {
  'spark.sql.shuffle.partitions': '8',
  'spark.hadoop.javax.jdo.option.ConnectionURL': 'jdbc:derby:memory:metastore;create=true',
} as const;

/** The GCS connector of the 2.2 line takes no notice of fs.gs.auth.type. */
function servicesProperties({ project, storage }: SparkSurroundings) {
  return {
    'spark.ui.enabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.hadoop.fs.gs.impl': 'com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem',
    'spark.hadoop.fs.AbstractFileSystem.gs.impl': 'com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS',
    'spark.hadoop.fs.gs.auth.service.account.enable': 'false',
    'spark.hadoop.fs.gs.auth.null.enable': 'true',
    'spark.hadoop.fs.gs.project.id': project,
    'spark.hadoop.fs.gs.storage.root.url': storage,
  } as const;
}
