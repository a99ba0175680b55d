import type { SparkWork } from './work.ts';

/** Everything that a driver is started from. */
export interface RunSpec {
  /** Names the run's folder and marks its processes; no two runs share one. */
  readonly uuid: string;
  /** Batch id or job id, which becomes Spark's application name. */
  readonly name: string;
  readonly work: SparkWork;
  readonly properties: Readonly<Record<string, string>>;
  /** What the driver's output objects begin with, `gs://…`. */
  readonly outputUri: string;
  /** Seconds after which the driver is ended; undefined for no limit. */
  readonly ttlSeconds: number | undefined;
}

/** How a run ended. */
export type RunEnd =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled'; readonly reason: string };

/** A batch or a job, as the scheduler sees it: it is told what happens to it. */
export interface Run {
  readonly spec: RunSpec;
  /** Its turn has not come, for the reason given; told again when the reason changes. */
  readonly waits: (reason: string) => void;
  /** Its driver runs. */
  readonly starts: (at: Date) => void;
  /** Its end has been asked for; the driver may still run. */
  readonly cancels: (at: Date) => void;
  /** Nothing of it runs any more and its output is complete. Called once. */
  readonly ends: (end: RunEnd, at: Date) => void;
}
