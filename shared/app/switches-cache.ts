import { describeCause, type Log } from '../log.ts';
import { parseSwitches, SwitchesError } from '../policy/switches-document.ts';
import type { Switches } from '../policy/switches.ts';
import { Problem } from '../problem.ts';

/** What the cache of the switches needs from outside. */
export interface SwitchesCacheOptions {
  /** Reads the document's text. */
  readonly read: (deadline: Date) => Promise<string>;
  /** Milliseconds for which a document is served without another look. */
  readonly freshMs: number;
  readonly now: () => Date;
  readonly log: Log;
}

/** Gets the switches. @throws Problem `upstream_unavailable` when they are not known. */
export type GetSwitches = (deadline: Date) => Promise<Switches>;

/** Milliseconds after which a document counts no more: what a switch denies, it denies within this time. */
const MAX_AGE_MS = 60_000;
/** Milliseconds that one look may take. */
const READ_MS = 2_000;
/** Milliseconds after a failed look for which the last document serves without another one. */
const PAUSE_MS = 5_000;

interface Known {
  readonly switches: Switches;
  /** When the look began that found them. */
  readonly at: number;
}

/**
 * Makes the cache of the switches: one look at a time; when a look fails, the document before serves until it is 60
 * seconds old, and then nobody is let in, because nobody knows who is kept out.
 */
export function createSwitchesCache(options: SwitchesCacheOptions): GetSwitches {
  let known: Known | undefined;
  let looking: Promise<Known> | undefined;
  let pausedUntil = 0;
  const isWithin = (each: Known, ms: number): boolean => {
    const age = options.now().getTime() - each.at;
    return age >= 0 && age <= ms;
  };
  return async (deadline) => {
    const paused = options.now().getTime() < pausedUntil;
    if (known !== undefined && isWithin(known, paused ? MAX_AGE_MS : options.freshMs)) {
      return known.switches;
    }
    looking ??= look(options, deadline).finally(() => {
      looking = undefined;
    });
    try {
      known = await looking;
      return known.switches;
    } catch (error) {
      pausedUntil = options.now().getTime() + PAUSE_MS;
      if (known !== undefined && isWithin(known, MAX_AGE_MS)) return known.switches;
      throw unknownSwitches(error);
    }
  };
}

async function look(options: SwitchesCacheOptions, deadline: Date): Promise<Known> {
  const at = options.now().getTime();
  try {
    const text = await options.read(new Date(Math.min(deadline.getTime(), at + READ_MS)));
    return { switches: parseSwitches(text), at };
  } catch (error) {
    const malformed = error instanceof SwitchesError;
    const message = malformed ? 'switches malformed' : 'switches not read';
    options.log.write(malformed ? 'error' : 'warn', message, { cause: describeCause(error) });
    throw error;
  }
}

function unknownSwitches(cause: unknown): Problem {
  return new Problem(
    'upstream_unavailable',
    'Who may use the API at present cannot be found out. Try again.',
    { upstream: 'switches', retryAfter: 5 },
    cause,
  );
}
