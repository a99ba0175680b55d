import { START } from '../clock.ts';
import type { Random } from './random.ts';

/** A clock that moves only as the world does, and the order in which what is under way goes on. */
export interface Schedule {
  readonly now: () => Date;
  /** Lets time pass; what is due by then happens. */
  readonly advance: (ms: number) => void;
  /** Waits until so much time has passed and it is this one's turn. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Calls back once so much time has passed; gives what cancels that. */
  readonly startTimer: (afterSeconds: number, callback: () => void) => () => void;
  /** Lets everything that is under way go on until all of `work` has come to an end. */
  readonly run: <T>(work: readonly Promise<T>[]) => Promise<readonly T[]>;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** The time, and what happens when it has come. */
class Time {
  #ms = Date.parse(START);
  readonly #timers = new Set<Timer>();

  get ms(): number {
    return this.#ms;
  }

  advanceTo(ms: number): void {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= ms);
    for (const timer of due.sort((one, other) => one.atMs - other.atMs)) {
      this.#ms = Math.max(this.#ms, timer.atMs);
      if (this.#timers.delete(timer)) timer.callback();
    }
    this.#ms = Math.max(this.#ms, ms);
  }

  startTimer(afterSeconds: number, callback: () => void): () => void {
    const timer = { atMs: this.#ms + afterSeconds * 1000, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}

/** Makes a schedule in which everything goes on in the order in which it came, and sleeping moves the clock. */
export function createPlainSchedule(): Schedule {
  const time = new Time();
  return {
    ...toClock(time),
    sleep: async (ms) => {
      time.advanceTo(time.ms + ms);
      await nextTurn();
    },
    run: (work) => Promise.all(work),
  };
}

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

/**
 * Makes a schedule in which chance decides who goes on next, of all who wait: whoever sleeps may wake late, as whoever
 * waits for an answer may. The same chance gives the same order.
 */
export function createRandomSchedule(random: Random): Schedule {
  const time = new Time();
  const sleepers: Sleeper[] = [];
  const wakeOne = (): void => {
    const soonest = Math.min(...sleepers.map(({ wakeMs }) => wakeMs));
    // Who has slept enough long ago comes before one who would have to be slept for.
    const near = sleepers.filter(({ wakeMs }) => wakeMs <= Math.max(time.ms, soonest) + NEAR_MS);
    const chosen = random.pick(near);
    sleepers.splice(sleepers.indexOf(chosen), 1);
    time.advanceTo(chosen.wakeMs);
    chosen.wake();
  };
  return {
    ...toClock(time),
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers.push({ wakeMs: time.ms + ms, wake: resolve });
      }),
    run: async (work) => {
      const progress = { settled: false };
      const note = (): void => {
        progress.settled = true;
      };
      const all = Promise.all(work);
      Promise.allSettled(work).then(note, note);
      await nextTurn();
      while (!isSettled(progress)) {
        if (sleepers.length > 0) wakeOne();
        else await requireProgress(sleepers, progress);
        await nextTurn();
      }
      return all;
    },
  };
}

/** Milliseconds by which one may overtake another who was to wake before. */
const NEAR_MS = 3_000;

function toClock(time: Time): Pick<Schedule, 'now' | 'advance' | 'startTimer'> {
  return {
    now: () => new Date(time.ms),
    advance: (ms) => {
      time.advanceTo(time.ms + ms);
    },
    startTimer: (afterSeconds, callback) => time.startTimer(afterSeconds, callback),
  };
}

/** Everything that waits for nothing outside has gone on by the next turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Progress {
  readonly settled: boolean;
}

/** Read anew each time: it changes while others go on. */
function isSettled({ settled }: Progress): boolean {
  return settled;
}

/** Modules that are imported on first use take some turns; more of them mean that nobody will ever go on. */
async function requireProgress(sleepers: readonly unknown[], progress: Progress): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    await nextTurn();
    if (sleepers.length > 0 || isSettled(progress)) return;
  }
  throw new Error('work is open, and nobody is there to go on with it');
}

const MOST_TURNS = 200_000;
