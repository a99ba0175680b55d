/** One number of a benchmark, and what it is held to. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly digits: number;
  /** The most that it may be; null when it is only shown. */
  readonly limit: number | null;
  /** Whether it must be the limit itself. */
  readonly exact?: boolean;
}

/** Prints a table. Returns 1 when a number is not what it is held to, 0 otherwise. */
export function print(rows: readonly Row[]): number {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  for (const row of rows) {
    const { name, value, digits } = row;
    process.stdout.write(
      `${name.padEnd(width)}${value.toFixed(digits).padStart(8)}${toVerdict(row)}\n`,
    );
  }
  return rows.every(isReached) ? 0 : 1;
}

function toVerdict(row: Row): string {
  const { limit, exact = false } = row;
  if (limit === null) return '';
  const missed = exact ? '  OTHER' : '  ABOVE';
  return `  ${exact ? 'exactly' : 'limit'} ${limit}${isReached(row) ? '' : missed}`;
}

function isReached({ value, limit, exact = false }: Row): boolean {
  return limit === null || (exact ? value === limit : value <= limit);
}
