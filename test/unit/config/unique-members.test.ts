import { describe, expect, it } from 'vitest';
import { hasUniqueMembers } from '../../../shared/config/unique-members.ts';

describe('the members of a JSON text', () => {
  it.each([
    ['{}'],
    ['{"a":1,"b":"a"}'],
    ['{"a":{"a":{"a":1}}}'],
    ['{"a":[{"a":1},{"a":2}]}'],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}'],
    ['{"a\\"":1,"a":2}'],
    ['{"a":"\\\\","b":1}'],
    [' { "a" : 1 , "A" : 2 } '],
    ['[["a","a"],"a","a"]'],
    ['{"a":"}","b":"{","c":":"}'],
  ])('are unique in %s', (json) => {
    expect(JSON.parse(json)).toBeDefined();
    expect(hasUniqueMembers(json)).toBe(true);
  });

  it.each([
    ['{"a":1,"a":1}'],
    ['{"a":1,"\\u0061":2}'],
    ['{"a" :1,"b":{},"a"\n:2}'],
    ['{"x":{"a":1,"b":[{}],"a":2}}'],
    ['[{"a":1},{"a":1,"a":2}]'],
    ['{"":1,"":2}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['{"a":"}","a":1}'],
  ])('are not unique in %s', (json) => {
    expect(JSON.parse(json)).toBeDefined();
    expect(hasUniqueMembers(json)).toBe(false);
  });
});
