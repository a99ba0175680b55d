import type { Progress } from '../setup/progress.mjs';
import type { EndRequest } from './signals.ts';

/** What every command is given. */
export interface CommandOptions {
  readonly args: readonly string[];
  readonly progress: Progress;
  readonly end: EndRequest;
}
