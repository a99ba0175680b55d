import { dirname, join } from 'node:path';
import type { Toolchain } from '../configuration.ts';
import type { RunSpec } from './run.ts';
import { findDriverVariables } from './spark-properties.ts';

/** What the command of a run depends on besides the run. */
export interface SparkSurroundings {
  readonly toolchain: Toolchain;
  readonly project: string;
  /** Address of the object store that Spark talks to. */
  readonly storage: string;
  /** Folder of this run alone; it holds `work`, where the driver starts, and `tmp`. */
  readonly folder: string;
  readonly log4jFile: string;
  /** File that everything that the driver prints is appended to. */
  readonly outputFile: string;
  /** Entries by which the processes of the run are found again. */
  readonly marks: Readonly<Record<string, string>>;
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
logger.hive.name = org.apache.hadoop.hive
logger.hive.level = error
`;

/** Makes the environment of a driver. Nothing of this process's own reaches it. */
export function makeDriverEnvironment(spec: RunSpec, surroundings: SparkSurroundings) {
  const { toolchain, folder, marks } = surroundings;
  const temporary = join(folder, 'tmp');
  return {
    // As spark-submit has it: with a seed for each worker, strings would be told apart between them.
    PYTHONHASHSEED: '0',
    ...findDriverVariables(spec.properties),
    ...marks,
    PATH: [dirname(toolchain.python), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    HOME: join(folder, 'work'),
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    JAVA_HOME: toolchain.javaHome,
    SPARK_HOME: toolchain.sparkHome,
    SPARK_LOCAL_IP: '127.0.0.1',
    SPARK_LOCAL_DIRS: temporary,
    PYSPARK_PYTHON: toolchain.python,
    PYSPARK_DRIVER_PYTHON: join(import.meta.dirname, 'driver-python.sh'),
    JOBGATE_PYTHON: toolchain.python,
    JOBGATE_OUTPUT: surroundings.outputFile,
    PYTHONDONTWRITEBYTECODE: '1',
    METADATA_SERVER_DETECTION: 'none',
    NO_GCE_CHECK: 'true',
  };
}
