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

/** Where progress is written; `columns` is the width of a terminal. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

/** Writes to a terminal with a spinner, to anything else with a line every ten seconds. */
export function createProgress(stream?: ProgressStream): Progress;
