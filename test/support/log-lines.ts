import { createLog, type Log } from '../../shared/log.ts';
import { START } from './clock.ts';

/** A log whose lines can be read. */
export interface LogRecorder {
  readonly log: Log;
  readonly lines: readonly string[];
  /** Every line parsed. */
  readonly entries: () => readonly Readonly<Record<string, unknown>>[];
}

/** Makes a log that keeps its lines. */
export function createLogRecorder(): LogRecorder {
  const lines: string[] = [];
  const sink = { writeLine: (line: string) => lines.push(line), now: () => new Date(START) };
  return {
    log: createLog(sink),
    lines,
    entries: () => lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  };
}
