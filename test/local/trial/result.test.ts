import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Screen } from '../../../local/demo/screen.ts';
import type { TrialClient } from '../../../local/trial/client.ts';
import { keepResult, showResult } from '../../../local/trial/result.ts';
import { makeFolder } from '../up/folders.ts';

const OUTPUT = 'gs://results/tidy/1/';
const unused = () => Promise.reject(new Error('not needed here'));

/** A result of files with their texts. */
function makeResult(texts: Readonly<Record<string, string>>) {
  const client: TrialClient = {
    ...{ createBatch: unused, getBatch: unused, list: unused },
    read: (uri) => Promise.resolve(Buffer.from(texts[uri.slice(OUTPUT.length)] ?? '')),
  };
  const files = Object.entries(texts).map(([path, text]) => ({ path, bytes: text.length }));
  return { client, outputUri: OUTPUT, files };
}

/** A screen that keeps what is written: tables as their rows, everything else as lines. */
function makeScreen(): { readonly screen: Screen; readonly lines: unknown[] } {
  const lines: unknown[] = [];
  const add = (text: unknown) => {
    lines.push(text);
  };
  const ignore = () => undefined;
  const table = (_header: readonly string[], rows: readonly (readonly string[])[]) => {
    add(rows);
  };
  const line = (text = '') => {
    if (text !== '') add(text);
  };
  const rest = { heading: ignore, fact: ignore, check: ignore, passing: ignore };
  return { screen: { ...rest, line, output: add, table }, lines };
}

describe('a result', () => {
  it('is shown as its files and the first lines of the first of each place', async () => {
    const { screen, lines } = makeScreen();
    const rows = Array.from({ length: 20 }, (_, index) => `row ${index}`).join('\n');
    const result = makeResult({
      'data/': '',
      'data/_SUCCESS': '',
      'data/part-00000-9f1c-c000.csv': rows,
      'data/part-00001-9f1c-c000.csv': 'second\n',
      'image.png': 'x',
      'report.json': '{}\n',
    });
    await showResult(result, screen);
    expect(lines).toEqual([
      [
        ['data/_SUCCESS', '0'],
        ['data/part-00000….csv', '129'],
        ['data/part-00001….csv', '7'],
        ['image.png', '1'],
        ['report.json', '3'],
      ],
      '  data/part-00000….csv, 12 of 20 lines:',
      rows.split('\n').slice(0, 12).join('\n'),
      '  report.json, 1 of 1 lines:',
      '{}',
    ]);
  });

  it('with a Parquet file that is none says so', async () => {
    const { screen, lines } = makeScreen();
    await showResult(makeResult({ 'data/a.parquet': 'not Parquet at all' }), screen);
    expect(lines.at(-1)).toMatch(/^ {2}data\/a\.parquet cannot be shown: ./);
  });

  it('of very many files is shown in part', async () => {
    const { screen, lines } = makeScreen();
    const names = Array.from({ length: 40 }, (_, index) => [`data/${index + 10}.bin`, 'x']);
    await showResult(makeResult(Object.fromEntries(names) as Record<string, string>), screen);
    expect(lines[0]).toHaveLength(30);
    expect(lines[1]).toBe('  … and 10 more');
  });

  it('is kept with its folders', async () => {
    const folder = join(makeFolder(), 'kept');
    await keepResult(makeResult({ 'data/': '', 'data/a.csv': 'a', 'report.json': '{}' }), folder);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([
      ...['data', 'data/a.csv', 'report.json'],
    ]);
    expect(readFileSync(join(folder, 'data/a.csv'), 'utf8')).toBe('a');
  });

  it.each(['../a.csv', 'data/../../a.csv', 'data//a.csv', './a.csv', 'a\0.csv'])(
    'is not kept outside its folder: %j',
    async (path) => {
      const parent = makeFolder();
      const keeping = keepResult(makeResult({ [path]: 'a' }), join(parent, 'kept'));
      await expect(keeping).rejects.toThrow('cannot be a file below');
      expect(existsSync(join(parent, 'a.csv'))).toBe(false);
    },
  );
});
