import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shortenPath, showRows } from '../demo/rows.ts';
import type { Screen } from '../demo/screen.ts';
import type { ListedFile, TrialClient } from './client.ts';

/** The result of a batch: its files below one prefix. */
export interface TrialResult {
  readonly client: TrialClient;
  readonly outputUri: string;
  readonly files: readonly ListedFile[];
}

const SHOWN_FILES = 30;
const SHOWN_PLACES = 4;
const SHOWN_LINES = 12;
const SHOWN_COLUMNS = 120;
/** Larger files are named and not read: a trial is for a look. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Shows a result: its files with their sizes, and how the first file of each folder begins. */
export async function showResult(result: TrialResult, screen: Screen): Promise<void> {
  const files = result.files.filter(isFile);
  const shown = files.slice(0, SHOWN_FILES);
  screen.table(
    ['file', 'bytes'],
    shown.map(({ path, bytes }) => [shortenPath(path), String(bytes)]),
  );
  if (shown.length < files.length) screen.line(`  … and ${files.length - shown.length} more`);
  for (const file of findFirsts(files)) await showStart(file, result, screen);
}

/** Writes every file of a result below a folder. @throws Error for a name that would leave the folder. */
export async function keepResult(result: TrialResult, folder: string): Promise<void> {
  const { client, outputUri, files } = result;
  mkdirSync(folder, { recursive: true });
  for (const { path } of files.filter(isFile)) {
    if (path.split('/').some((part) => ['', '.', '..'].includes(part)) || path.includes('\0'))
      throw new Error(`the object ${JSON.stringify(path)} cannot be a file below ${folder}`);
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await client.read(outputUri + path));
  }
}

/** Hadoop marks folders by objects whose names end in a slash. */
function isFile({ path }: ListedFile): boolean {
  return path !== '' && !path.endsWith('/');
}

/** The first file with content of each place at the top of the result. */
function findFirsts(files: readonly ListedFile[]): readonly ListedFile[] {
  const firsts = new Map<string, ListedFile>();
  for (const file of files) {
    const place = file.path.split('/')[0] ?? '';
    const isMark = file.path.split('/').at(-1)?.startsWith('_') === true;
    if (file.bytes > 0 && !isMark && !firsts.has(place)) firsts.set(place, file);
  }
  return [...firsts.values()].slice(0, SHOWN_PLACES);
}

async function showStart(
  { path, bytes: size }: ListedFile,
  { client, outputUri }: TrialResult,
  screen: Screen,
): Promise<void> {
  if (size > MOST_BYTES) return;
  const bytes = await client.read(outputUri + path);
  if (!path.endsWith('.parquet')) {
    if (isText(path)) showLines(path, bytes, screen);
    return;
  }
  try {
    await showRows({ bytes, path }, screen);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it is of a kind that is not known';
    screen.line(`  ${shortenPath(path)} cannot be shown: ${why}`);
  }
}

function isText(path: string): boolean {
  return /\.(csv|tsv|json|jsonl|txt|md)$/.test(path);
}

function showLines(path: string, bytes: Uint8Array, screen: Screen): void {
  const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
  const shown = lines.slice(0, SHOWN_LINES).map((line) => line.slice(0, SHOWN_COLUMNS));
  screen.line();
  screen.line(`  ${shortenPath(path)}, ${shown.length} of ${lines.length} lines:`);
  screen.line();
  screen.output(shown.join('\n'));
}
