import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './source-files.ts';

const serverless = readFileSync(join(ROOT, 'serverless.yml'), 'utf8');

interface Service {
  readonly params: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Every parameter: those with a value of their own in some stage, and those that are only asked for. */
function listParameters(): readonly string[] {
  const { params } = parse(serverless, { merge: true }) as Service;
  const asked = [...serverless.matchAll(/\$\{param:(\w+)/g)].map(([, name = '']) => name);
  return [...new Set([...Object.values(params).flatMap(Object.keys), ...asked])].sort();
}

/** The parameters that the table of docs/operations.md has rows for; a row may name several. */
function listRows(): readonly string[] {
  const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const [, table = ''] = /^\| parameter \| meaning \| default \|\n((?:\|.*\n)+)/m.exec(text) ?? [];
  const cells = table.split('\n').map((line) => /^\| ([^|]*) \|/.exec(line)?.[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

describe('docs/operations.md', () => {
  it('explains each parameter of the deployment once, and no other', () => {
    expect([...listRows()].sort()).toEqual(listParameters());
    expect(listParameters()).toEqual(
      expect.arrayContaining(['issuers', 'limitedBurst', 'planKeys']),
    );
  });
});
