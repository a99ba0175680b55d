import { describe, expect, it } from 'vitest';
import { createProgress } from '../../../local/setup/progress.mjs';

function showOn(columns: number): string {
  const written: string[] = [];
  const stream = { isTTY: true, columns, write: (text: string) => written.push(text) };
  createProgress(stream).begin('local AWS', 'waiting for its first answer on loopback').cancel();
  return written.join('').replaceAll('\r\x1b[2K', '');
}

describe('the progress on a terminal', () => {
  it('is cut to its width', () => {
    expect(showOn(31)).toMatch(/^. local AWS: waiting for its f$/u);
  });

  it('is as wide as 80 columns when the terminal reports 0', () => {
    expect(showOn(0)).toMatch(/local AWS: waiting for its first answer on loopback \(\d+\.\d s\)$/);
  });
});
