import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SparkWork } from './work.ts';

/** Returns where the statements of a run that brings no file are written to. */
export function toStatementsFile(folder: string): string {
  return join(folder, 'statements.sql');
}

/**
 * Writes the statements of a run that brings no file of them to where its command reads them. The
 * line's end before each semicolon ends a comment, too.
 */
export function writeStatements(work: SparkWork, folder: string): void {
  if (work.kind !== 'sparkSql' || work.queries.kind !== 'list') return;
  const text = work.queries.statements.map((statement) => `${statement}\n;\n`).join('');
  writeFileSync(toStatementsFile(folder), text, { mode: 0o600 });
}
