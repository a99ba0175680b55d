/** A step that has begun; exactly one of its functions is called. */
export interface ProgressStep {
  readonly done: (text: string) => void;
  readonly cancel: () => void;
}

/** Shows what a long command waits for. */
export interface Progress {
  readonly note: (text: string) => void;
  readonly begin: (name: string, waitsFor: string) => ProgressStep;
}

/** Writes to a terminal with a spinner, to anything else with a line every ten seconds. */
export function createProgress(stream?: NodeJS.WriteStream): Progress;
