import { dirname, join } from 'node:path';
import type { Toolchain } from '../configuration.ts';
import type { RunSpec } from './run.ts';

/** What the command of a batch depends on besides the batch. */
export interface SparkSurroundings {
  readonly toolchain: Toolchain;
  readonly project: string;
  /** Address of the object store that Spark talks to. */
  readonly storage: string;
  /** Folder of this batch alone; it holds `tmp` and becomes HOME. */
  readonly folder: string;
  readonly log4jFile: string;
  /** Entries by which the processes of the batch are found again. */
  readonly marks: Readonly<Record<string, string>>;
}

/** A program, its arguments and its whole environment. */
export interface SparkCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Spark's log configuration: what went wrong, in one line each. */
export const log4jConfiguration = `rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.gcs.name = com.google.cloud.hadoop
logger.gcs.level = error
`;

/** Makes the spark-submit command of a batch; every value is one argument of its own. */
export function makeSparkCommand(spec: RunSpec, surroundings: SparkSurroundings): SparkCommand {
  const { toolchain } = surroundings;
  const { work, properties, name } = spec;
  if (work.kind !== 'pyspark') throw new Error(`${work.kind} is not implemented`);
  const settings = [
    ...Object.entries(defaultProperties),
    ...Object.entries(properties),
    ...Object.entries(servicesProperties(surroundings)),
  ];
  return {
    program: join(toolchain.sparkHome, 'bin', 'spark-submit'),
    args: [
      ...['--master', 'local[2]', '--name', name],
      ...['--driver-class-path', toolchain.gcsConnectorJar],
      ...settings.flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
      ...listOption('--py-files', work.pythonFileUris),
      ...listOption('--jars', work.jarFileUris),
      ...listOption('--files', work.fileUris),
      ...listOption('--archives', work.archiveUris),
      work.mainPythonFileUri,
      ...work.args,
    ],
    env: makeEnvironment(surroundings),
  };
}

/** What a batch may set otherwise; Spark's own 200 partitions suit clusters. */
const defaultProperties = { 'spark.sql.shuffle.partitions': '8' } as const;

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

function listOption(name: string, uris: readonly string[]): readonly string[] {
  return uris.length === 0 ? [] : [name, uris.join(',')];
}

/** Nothing of this process's own environment reaches the batch. */
function makeEnvironment({ toolchain, folder, log4jFile, marks }: SparkSurroundings) {
  const temporary = join(folder, 'tmp');
  return {
    ...marks,
    PATH: [dirname(toolchain.python), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: folder,
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    JAVA_HOME: toolchain.javaHome,
    SPARK_HOME: toolchain.sparkHome,
    SPARK_LOCAL_IP: '127.0.0.1',
    SPARK_LOCAL_DIRS: temporary,
    PYSPARK_PYTHON: toolchain.python,
    PYSPARK_DRIVER_PYTHON: toolchain.python,
    PYTHONDONTWRITEBYTECODE: '1',
    METADATA_SERVER_DETECTION: 'none',
    NO_GCE_CHECK: 'true',
    SPARK_LAUNCHER_OPTS: quoteAll([...fastStart, '-XX:-UsePerfData']),
    SPARK_SUBMIT_OPTS: quoteAll([
      ...fastStart,
      ...(toolchain.classArchive === null
        ? []
        : [`-XX:SharedArchiveFile=${toolchain.classArchive}`]),
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${temporary}`,
      `-Dlog4j2.configurationFile=${log4jFile}`,
    ]),
  };
}

/** A class archive fits one set of these: the one that it was made with. */
const fastStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** Spark's launcher splits at blanks outside quotes. */
function quoteAll(options: readonly string[]): string {
  return options.map((option) => (/\s/.test(option) ? `"${option}"` : option)).join(' ');
}
