import { parquetReadObjects } from 'hyparquet';
import type { Screen } from './screen.ts';

/** A Parquet file whose first rows are shown. */
export interface ParquetRows {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** The columns that are shown of those that there are; the first six when not given. */
  readonly columns?: readonly string[];
}

const SHOWN_ROWS = 5;
const SHOWN_COLUMNS = 6;

/** Shows the first rows of a Parquet file. @throws Error when it is none, or of a kind that is not known. */
export async function showRows(
  { bytes, path, columns }: ParquetRows,
  screen: Screen,
): Promise<void> {
  const file = bytes.buffer.slice(
    bytes.byteOffset,
    bytes.byteOffset + bytes.byteLength,
  ) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, rowEnd: SHOWN_ROWS });
  const known = Object.keys(rows[0] ?? {});
  const shown = columns?.filter((name) => known.includes(name)) ?? known.slice(0, SHOWN_COLUMNS);
  const place = path.split('/').slice(0, 2).join('/');
  screen.line();
  screen.line(
    `  The first rows of ${shortenPath(place)}, ${shown.length} of ${known.length} columns:`,
  );
  screen.line();
  screen.table(
    shown,
    rows.map((row) => shown.map((name) => toCell(row[name]))),
  );
}

/** Leaves out the middle of the names that Spark gives to files, which is long and random. */
export function shortenPath(path: string): string {
  return path.replace(/part-(\d+)-.*?(\.[a-z]+)?(\.[a-z]+)$/, 'part-$1…$2$3');
}

function toCell(value: unknown): string {
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  const text =
    typeof value === 'string' ? value : JSON.stringify(value ?? '', toJson).replaceAll('"', '');
  return text.replaceAll(/\p{Cc}/gu, ' ');
}

function toJson(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
