import { ApiError } from '../api/api-error.ts';

const namePattern = /^spark\.[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

/**
 * Properties that belong to the service: where the driver runs, what starts it, what is brought to
 * it and how it reaches storage. A driver that had one set would leave the place that it runs in.
 */
const reserved = [
  'spark.master',
  'spark.remote',
  'spark.submit.',
  'spark.launcher.',
  'spark.home',
  'spark.local.dir',
  'spark.driver.bindAddress',
  'spark.driver.host',
  'spark.driver.port',
  'spark.driver.defaultJavaOptions',
  'spark.driver.extraClassPath',
  'spark.driver.extraLibraryPath',
  'spark.executor.defaultJavaOptions',
  'spark.jars',
  'spark.files',
  'spark.archives',
  'spark.pyspark.',
  'spark.hadoop.fs.gs.',
  'spark.hadoop.fs.AbstractFileSystem.gs.',
  'spark.hadoop.google.cloud.',
  'spark.ui.enabled',
  'spark.ui.port',
];

/** Java's options are free as far as they set properties of the program, and none of the service's. */
const javaOptions = ['spark.driver.extraJavaOptions', 'spark.executor.extraJavaOptions'];
const javaOption =
  /^-D(?!spark\.|java\.|javax\.|jdk\.|(?:com\.)?sun\.|derby\.|log4j)[\w.-]+=[^\s"'\\]*$/;

/** Source: https://cloud.google.com/dataproc-serverless/docs/concepts/properties */
const driverVariable = 'spark.dataproc.driverEnv.';
const variables = [driverVariable, 'spark.executorEnv.'];
const variablePattern = /^[A-Z_][A-Z0-9_]{0,100}$/;
/**
 * Variables by which a driver is started or found again, rather than read by its program: those of
 * the loader and the C library, of the shells and tools on the way to it, of Java, Python and Spark.
 */
const reservedVariables = [
  ...['JOBGATE_.*', 'SPARK_.*', 'PYSPARK_.*', 'HADOOP_.*', 'YARN_.*', 'HIVE_.*', 'LOG4J_.*'],
  ...['LD_.*', 'DYLD_.*', 'GLIBC_TUNABLES', 'GCONV_PATH', 'MALLOC_.*', 'LOCPATH', 'NLSPATH'],
  ...['BASH.*', 'SHELLOPTS', 'ENV', 'IFS', 'CDPATH', 'PS[0-9]', 'PROMPT_COMMAND', 'SHELL'],
  ...['POSIXLY_CORRECT', 'TAR_OPTIONS', 'GZIP', 'PERL5.*', 'NODE_.*', 'RUBY.*', 'R_.*'],
  ...['_?JAVA_.*', 'JDK_.*', 'CLASSPATH', '_', 'PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'],
  // Spark's documentation itself has users set the seed of hashes.
  ...['PYTHON(?!HASHSEED$).*', 'NO_GCE_CHECK', 'METADATA_SERVER_DETECTION'],
];
const reservedVariable = new RegExp(`^(?:${reservedVariables.join('|')})$`);

/** @throws ApiError INVALID_ARGUMENT naming the first property that cannot be set, and on what */
export function checkSparkProperties(
  properties: Readonly<Record<string, string>>,
  kind: 'batch' | 'job' | 'step' | 'cluster',
): void {
  for (const [name, value] of Object.entries(properties)) {
    const shown = JSON.stringify(name.slice(0, 80));
    if (!namePattern.test(name))
      throw new ApiError('INVALID_ARGUMENT', `Property ${shown} is not a Spark property.`);
    if (reserved.some((mark) => isReserved(mark, name)) || !mayHave(name, value))
      throw new ApiError('INVALID_ARGUMENT', `Property ${shown} cannot be set on a ${kind}.`);
    if (value.includes('\0'))
      throw new ApiError('INVALID_ARGUMENT', `Property ${shown} has a NUL character in its value.`);
  }
}

/** Finds the variables that the properties add to the environment of the driver. */
export function findDriverVariables(
  properties: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(properties).filter(([name]) => name.startsWith(driverVariable));
  return Object.fromEntries(
    entries.map(([name, value]) => [name.slice(driverVariable.length), value]),
  );
}

function isReserved(mark: string, name: string): boolean {
  if (mark.endsWith('.')) return name.startsWith(mark);
  return name === mark || name.startsWith(`${mark}.`);
}

function mayHave(name: string, value: string): boolean {
  const prefix = variables.find((mark) => name.startsWith(mark));
  if (prefix !== undefined) {
    const variable = name.slice(prefix.length);
    return variablePattern.test(variable) && !reservedVariable.test(variable);
  }
  if (!javaOptions.includes(name)) return true;
  return value.split(/\s+/).every((word) => word === '' || javaOption.test(word));
}
