import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DriverEnd, Engine, RunningDriver } from './scheduler.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import { findFailureReason } from './driver-failure.ts';
import { DriverOutput, type PutObject } from './driver-output.ts';
import type { RunSpec } from './run.ts';
import { endProcessTree, type ProcessTree } from './process-tree.ts';
import { log4jConfiguration, makeSparkCommand, type SparkCommand } from './spark-command.ts';

/** How long a driver has between SIGTERM and SIGKILL. */
const graceMs = 3000;

interface DriverExit {
  readonly status: number;
  readonly signal: NodeJS.Signals | null;
}

/** What the Spark engine needs. */
export interface SparkEngineOptions {
  readonly configuration: GoogleConfiguration;
  /** Address of the object store that Spark talks to. */
  readonly storage: string;
  readonly put: PutObject;
  /** Mark of this run in the environment of every process. */
  readonly run: string;
}

/** Runs each batch as a new `spark-submit` with a process group, folder and environment of its own. */
export function makeSparkEngine(options: SparkEngineOptions): Engine {
  const batches = join(options.configuration.dataDirectory, 'batches');
  const log4jFile = join(options.configuration.dataDirectory, 'log4j2.properties');
  mkdirSync(batches, { recursive: true });
  writeFileSync(log4jFile, log4jConfiguration);
  return {
    resume: () => Promise.resolve(undefined),
    start: async (spec) => {
      const folder = join(batches, spec.uuid);
      mkdirSync(join(folder, 'tmp'), { recursive: true });
      const marks = { JOBGATE_RUN: options.run, JOBGATE_BATCH: spec.name };
      const { toolchain, project } = options.configuration;
      const { storage } = options;
      const surroundings = { toolchain, project, storage, folder, log4jFile, marks };
      const command = makeSparkCommand(spec, surroundings);
      return startDriver(spec, folder, { command, put: options.put });
    },
  };
}

async function startDriver(
  spec: RunSpec,
  folder: string,
  { command, put }: { readonly command: SparkCommand; readonly put: PutObject },
): Promise<RunningDriver> {
  const log = join(folder, 'driver.log');
  const { groupId, exited } = await spawnInto(log, command, folder);
  const marks = ['JOBGATE_RUN', 'JOBGATE_BATCH'].map(
    (name) => `${name}=${command.env[name] ?? ''}`,
  );
  const tree = { groupId, marks };
  const output = await DriverOutput.follow(log, spec.outputUri, put);
  let terminated: Promise<void> | undefined;
  return {
    ended: exited.then(async (exit) => {
      await (terminated ?? endProcessTree(tree, 0));
      return finish(output, exit, folder);
    }),
    terminate: () => {
      terminated ??= endTree(tree);
    },
  };
}

async function endTree(tree: ProcessTree): Promise<void> {
  await endProcessTree(tree, graceMs);
}

async function finish(output: DriverOutput, exit: DriverExit, folder: string): Promise<DriverEnd> {
  try {
    const tail = await output.finish();
    if (exit.signal !== null) return { kind: 'terminated' };
    if (exit.status === 0) return { kind: 'succeeded' };
    return { kind: 'failed', reason: findFailureReason(tail, exit.status) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Starts a program whose standard output and error go, in their order, to the end of one file.
 * `exited` never rejects.
 */
function spawnInto(
  log: string,
  command: SparkCommand,
  folder: string,
): Promise<{ groupId: number; exited: Promise<DriverExit> }> {
  const descriptor = openSync(log, 'a', 0o600);
  const child = spawn(command.program, command.args, {
    cwd: folder,
    env: command.env,
    detached: true,
    stdio: ['ignore', descriptor, descriptor],
  });
  closeSync(descriptor);
  const exited = new Promise<DriverExit>((resolve) => {
    child.once('exit', (status, signal) => {
      resolve({ status: status ?? 1, signal });
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve({ groupId: child.pid, exited });
    });
  });
}
