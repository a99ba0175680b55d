import type { PlainMessage } from '../api/transcoding.ts';

/** Source: https://cloud.google.com/dataproc-serverless/pricing: 4 cores and 16 GB are 4 DCU. */
const milliDcuPerCore = 600 + 4 * 100;
/**
 * Standard disk of a core in GB, of which shuffle storage is a part. Inferred from the default of
 * 400 GB for 4 cores. Source: https://cloud.google.com/dataproc-serverless/docs/concepts/properties
 */
const diskGbPerCore = 100;

/**
 * Makes the google.cloud.dataproc.v1.UsageMetrics of a batch: what the cores it asked for would have
 * cost for the time that its driver ran, with the memory and disk that come with a core by default.
 */
export function approximateUsage(
  properties: Readonly<Record<string, string>>,
  seconds: number,
): PlainMessage {
  const cores = countCores(properties);
  return {
    milliDcuSeconds: String(Math.round(cores * milliDcuPerCore * seconds)),
    shuffleStorageGbSeconds: String(Math.round(cores * diskGbPerCore * seconds)),
  };
}

/** Makes the google.cloud.dataproc.v1.UsageSnapshot of a batch that runs: the cores that it asked for. */
export function currentUsage(properties: Readonly<Record<string, string>>): PlainMessage {
  const cores = countCores(properties);
  return {
    milliDcu: String(cores * milliDcuPerCore),
    shuffleStorageGb: String(cores * diskGbPerCore),
  };
}

function countCores(properties: Readonly<Record<string, string>>): number {
  const read = (name: string, byDefault: number) =>
    /^[1-9]\d{0,3}$/.test(properties[name] ?? '') ? Number(properties[name]) : byDefault;
  const executors = read('spark.executor.instances', 2) * read('spark.executor.cores', 4);
  return read('spark.driver.cores', 4) + executors;
}
