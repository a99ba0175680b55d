const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One of the signals that end a command. */
export type EndSignal = (typeof SIGNALS)[number];

/** A key press reaches this process from the terminal and again from npm: that is one signal. */
const SAME_PRESS_MS = 700;

/** Tells whether, and by which signal, the command was told to end. */
export interface EndRequest {
  readonly signal: AbortSignal;
  /** The first signal; undefined while there is none. */
  readonly received: () => EndSignal | undefined;
}

/** Listens for the signals that end a command: the first aborts, a later second one calls `onSecond`. */
export function listenForEnd(onSecond: (signal: EndSignal) => void): EndRequest {
  const controller = new AbortController();
  let first: { readonly name: EndSignal; readonly atMs: number } | undefined;
  for (const name of SIGNALS) {
    process.on(name, () => {
      const atMs = performance.now();
      if (first === undefined) {
        first = { name, atMs };
        controller.abort();
      } else if (atMs - first.atMs > SAME_PRESS_MS) onSecond(name);
    });
  }
  return { signal: controller.signal, received: () => first?.name };
}

/** The exit status that a shell shows for a command that a signal ended. Source: POSIX, 2.8.2. */
export function toExitStatus(signal: EndSignal): number {
  return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal];
}

/** Resolves when the signal is aborted, at once when it has been. */
export function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
