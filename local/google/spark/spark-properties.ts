import { ApiError } from '../api/api-error.ts';

const namePattern = /^spark\.[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

/**
 * Properties that belong to the service: where the driver runs, what starts it and how it reaches
 * storage. A batch that set one would leave the place that it runs in.
 */
const reserved = [
  'spark.master',
  'spark.submit.',
  'spark.home',
  'spark.local.dir',
  'spark.driver.bindAddress',
  'spark.driver.host',
  'spark.driver.port',
  'spark.driver.defaultJavaOptions',
  'spark.driver.extraClassPath',
  'spark.driver.extraJavaOptions',
  'spark.driver.extraLibraryPath',
  'spark.executor.extraJavaOptions',
  'spark.executor.defaultJavaOptions',
  'spark.jars',
  'spark.files',
  'spark.archives',
  'spark.pyspark.',
  'spark.hadoop.fs.gs.',
  'spark.hadoop.fs.AbstractFileSystem.gs.',
  'spark.ui.enabled',
  'spark.ui.port',
];

/** @throws ApiError INVALID_ARGUMENT naming the first property that a batch may not set */
export function checkSparkProperties(properties: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(properties)) {
    const shown = JSON.stringify(name.slice(0, 80));
    if (!namePattern.test(name))
      throw new ApiError('INVALID_ARGUMENT', `Property ${shown} is not a Spark property.`);
    if (reserved.some((mark) => isReserved(mark, name)))
      throw new ApiError('INVALID_ARGUMENT', `Property ${shown} cannot be set on a batch.`);
    if (value.includes('\0'))
      throw new ApiError('INVALID_ARGUMENT', `Property ${shown} has a NUL character in its value.`);
  }
}

function isReserved(mark: string, name: string): boolean {
  if (mark.endsWith('.')) return name.startsWith(mark);
  return name === mark || name.startsWith(`${mark}.`);
}
