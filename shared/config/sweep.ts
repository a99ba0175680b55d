import { readJobs, type JobsConfig } from './jobs.ts';
import { Reader, type Environment } from './reader.ts';

/** What the sweep needs beside what touches jobs. */
export interface SweepConfig extends JobsConfig {
  /** Name of the EventBridge bus that a job's states are announced on. */
  readonly eventBus: string;
}

/** Reads {@link SweepConfig}. @throws ConfigError naming every fault. */
export function readSweepConfig(environment: Environment): SweepConfig {
  const reader = new Reader(environment);
  return reader.finish({
    ...readJobs(reader),
    eventBus: reader.text('JOBGATE_EVENT_BUS', EVENT_BUS),
  });
}

/** Source: EventBridge API reference, CreateEventBus. */
const EVENT_BUS = /^[\w./-]{1,256}$/;
