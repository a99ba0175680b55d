import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../shared/problem.ts';

/** Rows that no code of ours reaches in a fast test, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  route_not_found: 'the gateway answers it itself: test/e2e/refusals.e2e.test.ts',
  throttled:
    'the gateway answers it itself, from resources/gateway-responses.yml; no emulator throttles',
};

const TESTS = join(import.meta.dirname, '..');
const TABLES = ['unit/problem.test.ts', 'unit/problem-coverage.test.ts'];

/** The text of all fast tests but those that list the table itself. */
function readFastTests(): string {
  return ['unit', 'property', 'contract']
    .flatMap((folder) =>
      readdirSync(join(TESTS, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(folder, path),
      ),
    )
    .filter((path) => path.endsWith('.test.ts') && !TABLES.includes(path))
    .map((path) => readFileSync(join(TESTS, path), 'utf8'))
    .join('\n');
}

describe('every row of the problems', () => {
  const text = readFastTests();

  it.each(Object.keys(PROBLEMS).filter((code) => !(code in ELSEWHERE)))(
    '%s is expected by a fast test',
    (code) => {
      expect(text).toMatch(new RegExp(`'${code}'`));
    },
  );

  it('that is reached elsewhere is still a row, with its reason', () => {
    expect(Object.keys(PROBLEMS)).toEqual(expect.arrayContaining(Object.keys(ELSEWHERE)));
    expect(Object.values(ELSEWHERE).filter((reason) => reason.length < 20)).toEqual([]);
  });
});
