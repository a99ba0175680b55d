import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The counts that the job and the judge must agree on. */
export interface RowCounts {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly rejects: number;
}

/** What is counted: a CSV file and an inclusive date range. */
export interface CountOptions {
  readonly python: string;
  readonly csvPath: string;
  readonly start: string;
  readonly end: string;
  readonly signal: AbortSignal;
}

const COUNT_TIMEOUT_MS = 30_000;

/** Counts a CSV with count.py, which states the rules itself and knows nothing of Spark. */
export async function countRows(options: CountOptions): Promise<RowCounts> {
  const { python, csvPath, start, end, signal } = options;
  const script = join(import.meta.dirname, 'count.py');
  const { stdout } = await promisify(execFile)(python, [script, csvPath, start, end], {
    signal,
    timeout: COUNT_TIMEOUT_MS,
  });
  const counts = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  return {
    rowsIn: Number(counts['rowsIn']),
    rowsOut: Number(counts['rowsOut']),
    rejects: Number(counts['rejects']),
  };
}
