import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findFailureReason } from './driver-failure.ts';
import { DriverOutput } from './driver-output.ts';
import {
  adoptDriver,
  type DriverProcess,
  findExitStatus,
  spawnDriver,
  toLogFile,
} from './driver-process.ts';
import type { DriverRecord } from './driver-record.ts';
import {
  type LeftDriver,
  loadLeft,
  openWorkshop,
  removeLeft,
  type SparkEngineOptions,
  toTree,
  type Workshop,
} from './driver-workshop.ts';
import { endProcessTree } from './process-tree.ts';
import { tryOrReport } from '../state/try-or-report.ts';
import type { RunSpec } from './run.ts';
import type { DriverEnd, Engine, RunningDriver } from './scheduler.ts';
import { makeSparkCommand } from './spark-command.ts';
import { writeStatements } from './spark-statements.ts';

/** How long a driver has between SIGTERM and SIGKILL. */
const graceMs = 2000;

/** What runs drivers. */
export interface SparkEngine extends Engine {
  /** Ends the drivers of an earlier server that nobody has resumed. */
  readonly endOrphans: () => Promise<void>;
}

/**
 * Runs each driver as a new SparkSubmit, with a process group, folder and environment of its own.
 * With a state directory, a driver outlives this server if that is killed.
 */
export function makeSparkEngine(options: SparkEngineOptions): SparkEngine {
  const workshop = openWorkshop(options);
  const left = loadLeft(workshop);
  let ending: Promise<unknown> = Promise.resolve();
  const take = (uuid: string) => {
    const driver = left.get(uuid);
    left.delete(uuid);
    return driver;
  };
  return {
    start: async (spec) => {
      await ending;
      const driver = take(spec.uuid);
      if (driver !== undefined) await removeLeft(workshop, driver);
      try {
        return await startDriver(workshop, spec);
      } catch (error) {
        await removeLeft(workshop, { uuid: spec.uuid, record: undefined });
        throw error;
      }
    },
    resume: async (spec) => {
      const driver = take(spec.uuid);
      return driver === undefined ? undefined : resumeDriver(workshop, spec, driver);
    },
    hasLeft: ({ uuid }) => left.get(uuid)?.record !== undefined,
    endOrphans: async () => {
      const orphans = [...left.values()];
      left.clear();
      ending = Promise.all(orphans.map((driver) => removeLeft(workshop, driver)));
      await ending;
    },
  };
}

async function startDriver(workshop: Workshop, spec: RunSpec): Promise<RunningDriver> {
  const { configuration, storage, log4jFile, shelf } = workshop;
  const { toolchain, project } = configuration;
  const folder = join(workshop.runs, spec.uuid);
  const marks = { JOBGATE_RUN: workshop.run, JOBGATE_DRIVER: spec.uuid };
  const outputFile = toLogFile(folder);
  const surroundings = { toolchain, project, storage, folder, log4jFile, outputFile, marks };
  const command = makeSparkCommand(spec, surroundings);
  for (const name of ['work', 'tmp']) mkdirSync(join(folder, name), { recursive: true });
  writeStatements(spec.work, folder);
  // The objects of an earlier run of this address would be taken for this one's, end mark included.
  await workshop.removeAll(`${spec.outputUri}.`);
  const first = await spawnDriver(command, folder);
  const record = {
    uuid: spec.uuid,
    leader: first.leader,
    startedAt: new Date().toISOString(),
    output: { parts: 0, offset: 0, pending: 0 },
    end: null,
  };
  try {
    // A driver that is not written down could run a second time after a restart: it must not run.
    shelf.save(spec.uuid, record);
    return await attendDriver(workshop, spec, { record, first });
  } catch (error) {
    await removeLeft(workshop, { uuid: spec.uuid, record });
    throw error;
  }
}

/** Its folder gone, nothing can be said of a driver. */
async function resumeDriver(
  workshop: Workshop,
  spec: RunSpec,
  driver: LeftDriver,
): Promise<RunningDriver | undefined> {
  const { record } = driver;
  const log = toLogFile(join(workshop.runs, spec.uuid));
  if (record === undefined || (record.end === null && !existsSync(log))) {
    await removeLeft(workshop, driver);
    return undefined;
  }
  const startedAt = new Date(record.startedAt);
  if (record.end !== null) {
    forget(workshop, record);
    return { ended: Promise.resolve(record.end), terminate: () => undefined, startedAt };
  }
  const first = adoptDriver(record.leader);
  try {
    return { ...(await attendDriver(workshop, spec, { record, first })), startedAt };
  } catch (error) {
    await removeLeft(workshop, driver);
    throw error;
  }
}

async function attendDriver(
  workshop: Workshop,
  spec: RunSpec,
  { record, first }: { readonly record: DriverRecord; readonly first: DriverProcess },
): Promise<RunningDriver> {
  const { shelf, put } = workshop;
  const folder = join(workshop.runs, spec.uuid);
  const output = await DriverOutput.follow(toLogFile(folder), spec.outputUri, {
    put,
    from: record.output,
    save: (position) => {
      tryOrReport(`saving the output of ${spec.name}`, () => {
        shelf.save(spec.uuid, { ...record, output: position });
      });
    },
  });
  const tree = toTree(folder, spec.uuid, first.leader);
  let terminated: Promise<void> | undefined;
  return {
    ended: first.exited.then(async () => {
      await (terminated ?? endProcessTree(tree, 0));
      return finish(workshop, record, output);
    }),
    terminate: () => {
      terminated ??= endProcessTree(tree, graceMs);
    },
  };
}

async function finish(
  workshop: Workshop,
  record: DriverRecord,
  output: DriverOutput,
): Promise<DriverEnd> {
  const folder = join(workshop.runs, record.uuid);
  try {
    const end = toDriverEnd(await output.finish(), findExitStatus(folder));
    tryOrReport('saving the end of a driver', () => {
      workshop.shelf.save(record.uuid, { ...record, end });
    });
    return end;
  } finally {
    forget(workshop, record);
  }
}

/** The record stays until everybody who waits for the end has written it down. */
function forget({ shelf, runs }: Workshop, { uuid }: DriverRecord): void {
  tryOrReport('removing the folder of a driver', () => {
    rmSync(join(runs, uuid), { recursive: true, force: true });
  });
  setImmediate(() => {
    tryOrReport('forgetting a driver', () => {
      shelf.remove(uuid);
    });
  });
}

function toDriverEnd(outputTail: string, exitStatus: number | undefined): DriverEnd {
  if (exitStatus === undefined) return { kind: 'terminated' };
  if (exitStatus === 0) return { kind: 'succeeded' };
  return { kind: 'failed', reason: findFailureReason(outputTail, exitStatus) };
}
