import type { RunSpec } from '../../../local/google/spark/run.ts';
import type { DriverEnd, Engine, RunningDriver } from '../../../local/google/spark/scheduler.ts';

/** A driver that is played: it begins and ends when the test says so. */
export interface PlayedDriver {
  readonly spec: RunSpec;
  readonly state: 'waiting' | 'running' | 'stopping';
}

/** Plays every driver of the local Dataproc. */
export interface PlayedEngine extends Engine {
  /** Those that have not ended. */
  readonly drivers: () => readonly PlayedDriver[];
  readonly begin: (driver: PlayedDriver) => void;
  readonly end: (driver: PlayedDriver, end: DriverEnd) => void;
}

interface Part {
  readonly spec: RunSpec;
  state: PlayedDriver['state'];
  readonly begun: PromiseWithResolvers<RunningDriver>;
  readonly ended: PromiseWithResolvers<DriverEnd>;
}

/** Makes an engine without drivers. */
export function createPlayedEngine(): PlayedEngine {
  const parts = new Map<string, Part>();
  const partOf = ({ spec }: PlayedDriver): Part => {
    const part = parts.get(spec.uuid);
    if (part === undefined) throw new Error(`the driver of ${spec.name} has ended`);
    return part;
  };
  const stop = (part: Part): void => {
    part.state = 'stopping';
  };
  const begin = (part: Part): void => {
    if (part.state === 'waiting') part.state = 'running';
    part.begun.resolve({
      ended: part.ended.promise,
      terminate: () => {
        stop(part);
      },
    });
  };
  return {
    start: (spec) => {
      const part: Part = {
        spec,
        state: 'waiting',
        begun: Promise.withResolvers(),
        ended: Promise.withResolvers(),
      };
      parts.set(spec.uuid, part);
      return part.begun.promise;
    },
    resume: () => Promise.resolve(undefined),
    hasLeft: () => false,
    drivers: () => [...parts.values()].map(({ spec, state }) => ({ spec, state })),
    begin: (driver) => {
      begin(partOf(driver));
    },
    end: (driver, end) => {
      const part = partOf(driver);
      begin(part);
      parts.delete(driver.spec.uuid);
      part.ended.resolve(end);
    },
  };
}
