import { tryOrReport } from '../state/try-or-report.ts';
import type { StartTimer } from '../clock.ts';
import type { Run, RunEnd, RunSpec } from './run.ts';

/** How a driver ended. */
export type DriverEnd =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'terminated' };

/** A driver at work. */
export interface RunningDriver {
  /** Resolves when the driver and all it started are gone and its output is complete. */
  readonly ended: Promise<DriverEnd>;
  /** Ends the driver and all it started. */
  readonly terminate: () => void;
  /** When an earlier server started it; undefined for a driver of this one. */
  readonly startedAt?: Date;
}

/** What runs drivers. */
export interface Engine {
  /** Starts the driver of a run. A rejection fails the run. */
  readonly start: (spec: RunSpec) => Promise<RunningDriver>;
  /** Finds the driver that an earlier server started for the run; undefined when it is gone. */
  readonly resume: (spec: RunSpec) => Promise<RunningDriver | undefined>;
  /** Tells whether an earlier server started the driver of the run, and nobody resumed it. */
  readonly hasLeft: (spec: RunSpec) => boolean;
}

/** What a scheduler needs from its surroundings. */
interface SchedulerOptions {
  readonly engine: Engine;
  /** How many drivers run at once. */
  readonly maxConcurrentRuns: number;
  readonly now: () => Date;
  readonly startTimer: StartTimer;
}

interface Slot {
  readonly run: Run;
  readonly start: (spec: RunSpec) => Promise<RunningDriver>;
  driver?: RunningDriver;
  /** Set when the run is to end as cancelled, with the message that says why. */
  cancelled?: string;
}

const restarted = 'The local Dataproc was restarted, and the driver did not outlive it.';

/** Runs drivers in the order in which their runs came, a limited number at once. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #waiting: Run[] = [];
  readonly #slots = new Map<Run, Slot>();
  readonly #ends = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Takes a new run; it starts when a slot is free, never before this returns. */
  submit(run: Run): void {
    this.#waiting.push(run);
    setImmediate(() => {
      this.#fillSlots();
    });
  }

  /** Tells whether the driver of a run was started before the server was restarted. */
  hasLeft(run: Run): boolean {
    return this.#options.engine.hasLeft(run.spec);
  }

  /** Takes a run back that had started before the server was restarted. */
  resume(run: Run): void {
    const { engine } = this.#options;
    this.#occupy({
      run,
      start: async (spec) => {
        const driver = await engine.resume(spec);
        if (driver === undefined) throw new Error(restarted);
        return driver;
      },
    });
  }

  /** Cancels a run, which ends soon for the reason given; one that has ended stays as it is. */
  cancel(run: Run, reason: string): void {
    const { now } = this.#options;
    const place = this.#waiting.indexOf(run);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      run.cancels(now());
      run.ends({ kind: 'cancelled', reason }, now());
      this.#explainWaiting();
      return;
    }
    const slot = this.#slots.get(run);
    if (slot === undefined || slot.cancelled !== undefined) return;
    slot.cancelled = reason;
    run.cancels(now());
    slot.driver?.terminate();
  }

  /**
   * Ends every driver and waits until all are gone; their runs end as cancelled. Runs that wait stay
   * as they are: on a state directory, the next server starts them.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waiting.length = 0;
    for (const { run } of this.#slots.values()) this.cancel(run, 'The local Dataproc stopped.');
    await Promise.all(this.#ends);
  }

  #fillSlots(): void {
    const { maxConcurrentRuns, engine } = this.#options;
    while (!this.#stopping && this.#slots.size < maxConcurrentRuns) {
      const run = this.#waiting.shift();
      if (run === undefined) break;
      this.#occupy({ run, start: engine.start });
    }
    this.#explainWaiting();
  }

  #occupy(slot: Slot): void {
    this.#slots.set(slot.run, slot);
    const end = this.#run(slot).finally(() => {
      this.#ends.delete(end);
      this.#slots.delete(slot.run);
      this.#fillSlots();
    });
    this.#ends.add(end);
  }

  async #run(slot: Slot): Promise<void> {
    const end = await this.#runDriver(slot).catch(toFailure);
    // Told once, whatever comes of it: the slot is free, and the drivers of others go on.
    tryOrReport(`the end of ${slot.run.spec.name}`, () => {
      this.#settle(slot, end);
    });
  }

  async #runDriver(slot: Slot): Promise<DriverEnd> {
    const { run, start } = slot;
    const { now, startTimer } = this.#options;
    const driver = await start(run.spec);
    slot.driver = driver;
    const { startedAt } = driver;
    if (slot.cancelled !== undefined) driver.terminate();
    else await startOrTerminate(run, driver, startedAt ?? now());
    // Counted from the start of the driver: "when the workload exceeds this duration, it will be
    // unconditionally terminated" (shared.proto). That the batch then is CANCELLED is reported in
    // kubeflow/pipelines#10190; the message is inferred.
    const { ttlSeconds } = run.spec;
    if (ttlSeconds === undefined) return driver.ended;
    const passedMs = startedAt === undefined ? 0 : now().getTime() - startedAt.getTime();
    const stopTimer = startTimer(Math.max(ttlSeconds - passedMs / 1000, 0), () => {
      this.cancel(run, `The batch exceeded its ttl of ${ttlSeconds}s.`);
    });
    return driver.ended.finally(stopTimer);
  }

  #settle({ run, cancelled }: Slot, end: DriverEnd): void {
    run.ends(toRunEnd(end, cancelled), this.#options.now());
  }

  #explainWaiting(): void {
    const { maxConcurrentRuns } = this.#options;
    this.#waiting.forEach((run, position) => {
      run.waits(
        `Waiting for capacity: ${this.#slots.size} of ${maxConcurrentRuns} drivers are running, ` +
          `${position} more wait before this one.`,
      );
    });
  }
}

/** No driver runs whose run does not know it. */
async function startOrTerminate(run: Run, driver: RunningDriver, at: Date): Promise<void> {
  try {
    run.starts(at);
  } catch (error) {
    driver.terminate();
    await driver.ended;
    throw error;
  }
}

function toFailure(error: unknown): DriverEnd {
  return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
}

function toRunEnd(end: DriverEnd, cancelled: string | undefined): RunEnd {
  if (cancelled !== undefined) return { kind: 'cancelled', reason: cancelled };
  if (end.kind === 'terminated')
    return { kind: 'failed', reason: 'The driver was ended from outside' };
  return end;
}
