import type { Toolchain } from '../configuration.ts';
import { localizeFile, localizeFiles } from './image-files.ts';
import { toStatementsFile } from './spark-statements.ts';
import type { PySparkWork, SparkJarWork, SparkSqlWork, SparkWork } from './work.ts';

/**
 * Lists what follows the settings on the command line of spark-submit: files, the program and its
 * arguments. @throws Error for what the driver cannot have
 */
export function listWorkArguments(
  work: SparkWork,
  toolchain: Toolchain,
  folder: string,
): readonly string[] {
  switch (work.kind) {
    case 'pyspark':
      return listPySparkArguments(work, toolchain);
    case 'spark':
      return listJarArguments(work, toolchain);
    case 'sparkSql':
      return listSqlArguments(work, toolchain, folder);
    default:
      return work satisfies never;
  }
}

function listPySparkArguments(work: PySparkWork, toolchain: Toolchain): readonly string[] {
  return [
    ...listOption('--py-files', localizeFiles(work.pythonFileUris, toolchain)),
    ...listAttachments(work, toolchain),
    localizeFile(work.mainPythonFileUri, toolchain),
    ...work.args,
  ];
}

/** A class without a jar of its own stands in one of the jar files, or in Spark itself. */
function listJarArguments(work: SparkJarWork, toolchain: Toolchain): readonly string[] {
  const { main } = work;
  return [
    ...listAttachments(work, toolchain),
    ...(main.kind === 'class'
      ? ['--class', main.name, 'spark-internal']
      : [localizeFile(main.uri, toolchain)]),
    ...work.args,
  ];
}

function listSqlArguments(
  work: SparkSqlWork,
  toolchain: Toolchain,
  folder: string,
): readonly string[] {
  const { queries } = work;
  const file =
    queries.kind === 'file' ? localizeFile(queries.uri, toolchain) : toStatementsFile(folder);
  return [
    ...listOption('--jars', localizeFiles(work.jarFileUris, toolchain)),
    ...['--class', 'org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver', 'spark-internal'],
    ...['-f', file],
    ...Object.entries(work.variables).flatMap(([name, value]) => ['--hivevar', `${name}=${value}`]),
  ];
}

/** SparkFiles finds what these name; the driver's own folder is filled by the stager. */
function listAttachments(work: PySparkWork | SparkJarWork, toolchain: Toolchain) {
  return [
    ...listOption('--jars', localizeFiles(work.jarFileUris, toolchain)),
    ...listOption('--files', localizeFiles(work.fileUris, toolchain)),
    ...listOption('--archives', localizeFiles(work.archiveUris, toolchain)),
  ];
}

/** Lists what the stager puts into the driver's folder before it starts. */
export function listStagedFiles(work: SparkWork, toolchain: Toolchain): readonly string[] {
  if (work.kind === 'sparkSql') return [];
  return [
    ...localizeFiles(work.fileUris, toolchain).map((uri) => `file=${uri}`),
    ...localizeFiles(work.archiveUris, toolchain).map((uri) => `archive=${uri}`),
  ];
}

function listOption(name: string, uris: readonly string[]): readonly string[] {
  return uris.length === 0 ? [] : [name, uris.join(',')];
}
