import { describe, expect, it } from 'vitest';
import { parseLogRange } from '../../../shared/http/log-range.ts';

function parse(query: Readonly<Record<string, string>>): unknown {
  return parseLogRange(new Map(Object.entries(query)));
}

describe('the range of a log', () => {
  it('begins at byte 0 with 65,536 bytes when nothing is asked', () => {
    expect(parse({})).toEqual({ cursor: 0, limitBytes: 65_536 });
  });

  it('is what was asked', () => {
    expect(parse({ cursor: '123', limit: '1024' })).toEqual({ cursor: 123, limitBytes: 1024 });
    expect(parse({ limit: '524288' })).toEqual({ cursor: 0, limitBytes: 524_288 });
  });

  it.each([
    ['cursor', '-1', '0 to 9007199254740991'],
    ['cursor', '1.5', '0 to 9007199254740991'],
    ['cursor', '1e3', '0 to 9007199254740991'],
    ['cursor', '0x10', '0 to 9007199254740991'],
    ['cursor', '', '0 to 9007199254740991'],
    ['cursor', ' 1', '0 to 9007199254740991'],
    ['cursor', '9007199254740992', '0 to 9007199254740991'],
    ['limit', '1023', '1024 to 524288'],
    ['limit', '524289', '1024 to 524288'],
    ['limit', 'all', '1024 to 524288'],
  ])('is refused for %s=%s', (name, value, bounds) => {
    expect(() => parse({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        detail: `The query parameter ${name} must be a whole number from ${bounds}.`,
      }),
    );
  });
});
