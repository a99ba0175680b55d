import { readFileSync } from 'node:fs';

const SHOWN_LINES = 10;
const SHOWN_COLUMNS = 240;

/** Reads the last lines of a log, shortened, to stand below an error's sentence. */
export function readLogTail(file: string): readonly string[] {
  return readTextOrEmpty(file)
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-SHOWN_LINES)
    .map((line) => (line.length > SHOWN_COLUMNS ? `${line.slice(0, SHOWN_COLUMNS)}…` : line));
}

function readTextOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
