import type { Batch } from '../dataproc/batch.ts';

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
}

/** What runs drivers. */
export interface Engine {
  /** Starts the driver of a batch. A rejection fails the batch. */
  readonly start: (batch: Batch) => Promise<RunningDriver>;
}

/** What a lifecycle needs from its surroundings. */
export interface LifecycleOptions {
  readonly engine: Engine;
  readonly maxConcurrentBatches: number;
  readonly now: () => Date;
  /** Calls back after a while; returns what cancels that. */
  readonly startTimer: (afterSeconds: number, callback: () => void) => () => void;
  /** Makes the stateMessage of a batch that failed. */
  readonly describeFailure: (batch: Batch, reason: string) => string;
}

interface Slot {
  readonly batch: Batch;
  driver?: RunningDriver;
  /** Set when the batch is to end as CANCELLED, with the message that says why. */
  cancelled?: string;
}

/** Runs batches in the order of their creation, a limited number at once. */
export class BatchLifecycle {
  readonly #options: LifecycleOptions;
  readonly #waiting: Batch[] = [];
  readonly #slots = new Map<Batch, Slot>();
  readonly #ends = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Takes a new batch; it starts when a slot is free, never before this returns. */
  submit(batch: Batch): void {
    this.#waiting.push(batch);
    setImmediate(() => {
      this.#fillSlots();
    });
  }

  /** Cancels a batch, which ends soon as CANCELLED; one that has ended stays as it is. */
  cancel(batch: Batch): void {
    this.#end(batch, 'The batch was cancelled.');
  }

  /** Ends every driver and waits until all are gone. Batches that wait never start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waiting.length = 0;
    for (const { batch } of this.#slots.values()) this.#end(batch, 'The local Dataproc stopped.');
    await Promise.all(this.#ends);
  }

  #end(batch: Batch, reason: string): void {
    const { now } = this.#options;
    const place = this.#waiting.indexOf(batch);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      batch.enter('CANCELLING', now());
      batch.enter('CANCELLED', now(), reason);
      this.#explainWaiting();
      return;
    }
    const slot = this.#slots.get(batch);
    if (slot === undefined || slot.cancelled !== undefined) return;
    slot.cancelled = reason;
    batch.enter('CANCELLING', now());
    slot.driver?.terminate();
  }

  #fillSlots(): void {
    const { maxConcurrentBatches } = this.#options;
    while (!this.#stopping && this.#slots.size < maxConcurrentBatches) {
      const batch = this.#waiting.shift();
      if (batch === undefined) break;
      const slot: Slot = { batch };
      this.#slots.set(batch, slot);
      const end = this.#run(slot).finally(() => {
        this.#ends.delete(end);
        this.#slots.delete(batch);
        this.#fillSlots();
      });
      this.#ends.add(end);
    }
    this.#explainWaiting();
  }

  async #run(slot: Slot): Promise<void> {
    try {
      this.#settle(slot, await this.#runDriver(slot));
    } catch (error) {
      this.#settle(slot, { kind: 'failed', reason: toReason(error) });
    }
  }

  async #runDriver(slot: Slot): Promise<DriverEnd> {
    const { batch } = slot;
    const { engine, now, startTimer } = this.#options;
    const driver = await engine.start(batch);
    slot.driver = driver;
    if (slot.cancelled === undefined) batch.enter('RUNNING', now());
    else driver.terminate();
    // Counted from the start of the driver: "when the workload exceeds this duration, it will be
    // unconditionally terminated" (shared.proto). That the batch then is CANCELLED is reported in
    // kubeflow/pipelines#10190; the message is inferred.
    const { ttlSeconds } = batch.request;
    const stopTimer = startTimer(ttlSeconds, () => {
      this.#end(batch, `The batch exceeded its ttl of ${ttlSeconds}s.`);
    });
    return driver.ended.finally(stopTimer);
  }

  #settle({ batch, cancelled }: Slot, end: DriverEnd): void {
    const { now, describeFailure } = this.#options;
    if (cancelled !== undefined) batch.enter('CANCELLED', now(), cancelled);
    else if (end.kind === 'succeeded') batch.enter('SUCCEEDED', now());
    else {
      const reason = end.kind === 'failed' ? end.reason : 'The driver was ended from outside';
      batch.enter('FAILED', now(), describeFailure(batch, reason));
    }
  }

  #explainWaiting(): void {
    const { maxConcurrentBatches } = this.#options;
    this.#waiting.forEach((batch, position) => {
      batch.explain(
        `Waiting for capacity: ${this.#slots.size} of ${maxConcurrentBatches} batches are running, ` +
          `${position} more wait before this one.`,
      );
    });
  }
}

function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
