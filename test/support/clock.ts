/** A clock that stands still until it is moved; sleeping moves it and is remembered. */
export interface FakeClock {
  readonly now: () => Date;
  readonly advance: (ms: number) => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly slept: readonly number[];
}

/** The instant at which every test clock starts, 1768478400 seconds since the epoch. */
export const START = '2026-01-15T12:00:00.000Z';

/** Makes a clock that shows {@link START}. */
export function createClock(start = START): FakeClock {
  let time = Date.parse(start);
  const slept: number[] = [];
  const advance = (ms: number): void => {
    time += ms;
  };
  return {
    now: () => new Date(time),
    advance,
    sleep: (ms) => {
      slept.push(ms);
      advance(ms);
      return Promise.resolve();
    },
    slept,
  };
}

/** A deadline that no fake clock reaches by accident. */
export const FAR = new Date('2099-01-01T00:00:00.000Z');
