import { describe, expect, it } from 'vitest';
import { canonicalize, fingerprint } from '../../../shared/jobs/canonical-json.ts';

/** Reads a double from its IEEE 754 bits. */
function fromBits(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE();
}

describe('the canonical form', () => {
  it('writes the sample of RFC 8785 section 3.2.2', () => {
    const sample: unknown = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);
    expect(canonicalize(sample)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('sorts members by UTF-16 code units, as in RFC 8785 section 3.2.3', () => {
    const sample: unknown = JSON.parse(String.raw`{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`);
    const values = Object.values(JSON.parse(canonicalize(sample)) as Record<string, string>);
    expect(values).toEqual([
      'One',
      'Carriage Return',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number %s of RFC 8785 appendix B as %s', (bits, text) => {
    expect(canonicalize(fromBits(bits))).toBe(text);
  });

  it('keeps the order of lists and sorts inside them', () => {
    expect(canonicalize([{ b: 1, a: [] }, {}, [2, 1]])).toBe('[{"a":[],"b":1},{},[2,1]]');
  });

  it('sorts names that look like numbers as text', () => {
    expect(canonicalize({ 10: 1, 9: 2 })).toBe('{"10":1,"9":2}');
  });

  it('keeps a member called __proto__', () => {
    expect(canonicalize(JSON.parse('{"b":1,"__proto__":2}'))).toBe('{"__proto__":2,"b":1}');
  });
});

describe('the fingerprint', () => {
  it('is the SHA-256 of the canonical form', () => {
    // printf '{"a":1,"b":2}' | sha256sum
    expect(fingerprint({ b: 2, a: 1 })).toBe(
      '43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777',
    );
  });

  it('is the same for another order, white space and way to write a number', () => {
    const one: unknown = JSON.parse('{"template":"tidy","parameters":{"limit":10,"input":"a"}}');
    const other: unknown = JSON.parse(
      ' {"parameters":{"input":"a","limit":1e1},"template":"tidy"}',
    );
    expect(fingerprint(one)).toBe(fingerprint(other));
  });

  it('is another one for a default that was written out', () => {
    expect(fingerprint({ parameters: {} })).not.toBe(fingerprint({ parameters: { mode: 'fast' } }));
  });
});
