import { describe, expect, it } from 'vitest';
import { readPreferences } from '../../../shared/http/prefer.ts';

function read(prefer: string): readonly string[] {
  return [...readPreferences({ headers: new Map([['prefer', prefer]]) })];
}

describe('the preferences of a request', () => {
  it.each([
    ['rate-limit', ['rate-limit']],
    ['wait=10, rate-limit', ['wait', 'rate-limit']],
    ['respond-async;x=1 ,\tRate-Limit = ""', ['respond-async', 'rate-limit']],
    ['foo="a, rate-limit", wait=1', ['foo', 'wait']],
    [String.raw`foo="\", rate-limit"`, ['foo']],
    ['foo="an open quotation, rate-limit', ['foo']],
    ['rate-limit-policy', ['rate-limit-policy']],
    [',,', []],
    ['', []],
  ])('are read by their names: %s', (header, names) => {
    expect(read(header)).toEqual(names);
  });

  it('are none without the header', () => {
    expect(readPreferences({ headers: new Map() }).size).toBe(0);
  });

  it('are read in one pass, however many quotations are open', () => {
    const hostile = String.raw`"\"`.repeat(500_000);
    expect(read(hostile)).toHaveLength(1);
  });
});
