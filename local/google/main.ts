/**
 * The local Google: Dataproc whose batches, jobs and workflows really run, STS, IAM Credentials,
 * Secret Manager and Cloud Storage, on loopback, at the ports of the configuration or free ones.
 *
 *     node local/google/main.ts --config <file.json>
 *
 * Prints `{"ready":true,"google":…,"storage":…,"pid":…}` when it serves. Ends with status 0 on
 * SIGTERM, SIGINT or, with `stdinIsLease`, when standard input ends; with status 2 when the
 * configuration is at fault or its state folder is in use; with status 1 when a part of it fails.
 * Its data folder goes with it.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { GoogleConfiguration } from './configuration.ts';
import { startLocalGoogle } from './local-google.ts';
import { parseConfiguration } from './parse-configuration.ts';
import { ShapeError } from './shape.ts';

async function readConfiguration(): Promise<GoogleConfiguration> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  const file = values.config;
  if (file === undefined) throw new ShapeError('--config <file.json> is missing');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ShapeError(`${file} cannot be read`, { cause });
  });
  return parseConfiguration(text);
}

/** Resolves when this process shall end. */
function waitForStop(stdinIsLease: boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      resolve();
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
    if (stdinIsLease) process.stdin.once('end', stop).once('error', stop).resume();
  });
}

async function main(): Promise<number> {
  const configuration = await readConfiguration();
  const stop = waitForStop(configuration.stdinIsLease);
  const run = process.env['JOBGATE_RUN'] ?? `google-${process.pid}`;
  const google = await startLocalGoogle(configuration, run);
  const { google: api, storage, died } = google;
  const ready = { ready: true, google: api, storage, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const failure = await Promise.race([stop, died]);
  await google.stop();
  if (failure === undefined) return 0;
  process.stderr.write(`local/google: ${failure}\n`);
  return 1;
}

function isUsageError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}

const status = await main().catch((error: unknown) => {
  process.stderr.write(`local/google: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof ShapeError || isUsageError(error) ? 2 : 1;
});
process.exit(status);
