import { describe, expect, it } from 'vitest';
import { StackFailure } from '../../../local/up/failure.ts';
import { parseTryOptions } from '../../../local/up/try-options.ts';

describe('the arguments of npm run try', () => {
  it('name a template, and may name an example and parameters', () => {
    expect(parseTryOptions(['tidy'])).toEqual({
      ...{ name: 'tidy', example: '1', keep: false, words: [] },
    });
    const args = ['tidy', '--example', '2', 'limit=-5', '--keep', 'note=--x'];
    expect(parseTryOptions(args)).toEqual({
      ...{ name: 'tidy', example: '2', keep: true, words: ['limit=-5', 'note=--x'] },
    });
  });

  it.each<readonly [readonly string[], string]>([
    [[], 'Which template? See: npm run try -- --help'],
    [['tidy', '--exmaple', '2'], "Unknown option '--exmaple'. See: npm run try -- --help"],
    [
      ['tidy', '--example'],
      "Option '--example <value>' argument missing. See: npm run try -- --help",
    ],
    [['tidy', '--example', '0'], '--example takes a number from 1 on, not "0".'],
    [['tidy', '--example', 'two'], '--example takes a number from 1 on, not "two".'],
  ])('are refused in one sentence: %j', (args, message) => {
    expect(() => parseTryOptions(args)).toThrow(new StackFailure(message));
  });
});
