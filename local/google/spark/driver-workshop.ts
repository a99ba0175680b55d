import { mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoogleConfiguration } from '../configuration.ts';
import type { ProcessIdentity } from '../state/process-identity.ts';
import { openShelf, type Shelf } from '../state/shelf.ts';
import { log4jConfiguration } from './driver-environment.ts';
import type { PutObject } from './driver-output.ts';
import { toLogFile } from './driver-process.ts';
import { type DriverRecord, parseDriverRecord } from './driver-record.ts';
import { endProcessTree, type ProcessTree } from './process-tree.ts';

/** What the Spark engine needs. */
export interface SparkEngineOptions {
  readonly configuration: GoogleConfiguration;
  /** Address of the object store that Spark talks to. */
  readonly storage: string;
  readonly put: PutObject;
  /** Removes every object whose address begins as the one given. */
  readonly removeAll: (uri: string) => Promise<void>;
  /** Mark of this run in the environment of every process. */
  readonly run: string;
}

/** What an earlier server left of a driver; a folder alone when it was killed between the two. */
export interface LeftDriver {
  readonly uuid: string;
  readonly record: DriverRecord | undefined;
}

/** Reads what an earlier server left, by the uuids of the runs. @throws ShapeError */
export function loadLeft({ shelf, runs }: Workshop): Map<string, LeftDriver> {
  const left = new Map<string, LeftDriver>();
  for (const uuid of readdirSync(runs).filter((name) => /^[\w-]+$/.test(name)))
    left.set(uuid, { uuid, record: undefined });
  for (const record of shelf.parseAll(parseDriverRecord))
    left.set(record.uuid, { uuid: record.uuid, record });
  return left;
}

/** Where drivers are started, and what is known of them. */
export interface Workshop extends SparkEngineOptions {
  readonly shelf: Shelf;
  /** Holds a folder for each run. */
  readonly runs: string;
  readonly log4jFile: string;
}

/** Makes the folders that runs have theirs in: those outlive the server with a state directory. */
export function openWorkshop(options: SparkEngineOptions): Workshop {
  const { stateDirectory, dataDirectory } = options.configuration;
  mkdirSync(stateDirectory ?? dataDirectory, { recursive: true });
  const base = realpathSync(stateDirectory ?? dataDirectory);
  const runs = join(base, 'runs');
  const log4jFile = join(base, 'log4j2.properties');
  mkdirSync(runs, { recursive: true });
  writeFileSync(log4jFile, log4jConfiguration);
  return { ...options, shelf: openShelf(stateDirectory, 'drivers'), runs, log4jFile };
}

/** Says what belongs to the driver of a run. */
export function toTree(folder: string, uuid: string, leader: ProcessIdentity): ProcessTree {
  return { leader, mark: `JOBGATE_DRIVER=${uuid}`, log: toLogFile(folder) };
}

/**
 * Ends what an earlier server left of a driver, and forgets it. What was started and not written
 * down is found by its mark.
 */
export async function removeLeft(
  { shelf, runs }: Workshop,
  { uuid, record }: LeftDriver,
): Promise<void> {
  const folder = join(runs, uuid);
  const leader = record?.leader ?? { pid: 0, startTime: '' };
  await endProcessTree(toTree(folder, uuid, leader), 0);
  rmSync(folder, { recursive: true, force: true });
  shelf.remove(uuid);
}
