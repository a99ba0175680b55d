import type { Run } from '../spark/run.ts';
import type { Scheduler } from '../spark/scheduler.ts';

/** A batch or a job that an earlier server has not seen to its end. */
export interface Revival {
  readonly sequence: number;
  readonly run: Run;
  /** Whether its driver had been started. */
  readonly hasStarted: boolean;
  /** Whether its end had been asked for. */
  readonly isCancelled: boolean;
}

/** Lets what an earlier server left go on: drivers that run are taken back, the others wait again. */
export function revive(revivals: readonly Revival[], scheduler: Scheduler): void {
  const inOrder = revivals.toSorted((one, two) => one.sequence - two.sequence);
  for (const { run, hasStarted, isCancelled } of inOrder) {
    // A server may end between the start of a driver and the run's learning of it.
    if (hasStarted || scheduler.hasLeft(run)) scheduler.resume(run);
    else scheduler.submit(run);
    if (isCancelled) scheduler.cancel(run, 'It was cancelled before the restart.');
  }
}
