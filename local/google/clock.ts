/** Calls back after a while; what it returns cancels that. */
export type StartTimer = (afterSeconds: number, callback: () => void) => () => void;

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
  timeout: NodeJS.Timeout;
}

/** The time of Dataproc here: the machine's, until it is moved ahead, which makes time limits run out. */
export class Clock {
  #aheadMs = 0;
  readonly #timers = new Set<Timer>();

  /** The present time. */
  readonly now = (): Date => new Date(Date.now() + this.#aheadMs);

  /** Calls back after a while by this clock. Nothing waits for a timer that is left. */
  readonly startTimer: StartTimer = (afterSeconds, callback) => {
    const dueMs = this.now().getTime() + afterSeconds * 1000;
    const fire = () => {
      this.#timers.delete(timer);
      callback();
    };
    const timer: Timer = { dueMs, fire, timeout: setTimeout(fire, afterSeconds * 1000).unref() };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer.timeout);
    };
  };

  /** Moves the clock ahead for good; what is due by then is called back soon, and never before this returns. */
  moveAhead(seconds: number): void {
    this.#aheadMs += seconds * 1000;
    const nowMs = this.now().getTime();
    for (const timer of this.#timers) {
      clearTimeout(timer.timeout);
      timer.timeout = setTimeout(timer.fire, Math.max(0, timer.dueMs - nowMs)).unref();
    }
  }
}
