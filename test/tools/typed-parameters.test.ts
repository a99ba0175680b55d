import { describe, expect, it } from 'vitest';
import { toTypedParameters } from '../../tools/typed-parameters.ts';

const SCHEMA = {
  properties: {
    count: { type: 'integer' },
    share: { type: 'number' },
    strict: { type: 'boolean' },
    names: { type: 'array' },
    code: { type: 'string' },
  },
};

describe('words of a command line', () => {
  it.each<readonly [string, unknown]>([
    ['count=5', { count: 5 }],
    ['count=-5', { count: -5 }],
    ['share=1.5e3', { share: 1500 }],
    ['strict=true', { strict: true }],
    ['strict=false', { strict: false }],
    ['names=["a","b"]', { names: ['a', 'b'] }],
    ['code=007', { code: '007' }],
    ['code=a=b', { code: 'a=b' }],
    ['code=', { code: '' }],
    ['code=line\nline', { code: 'line\nline' }],
  ])('become what the schema wants: %s', (word, values) => {
    expect(toTypedParameters(SCHEMA, [word])).toEqual({ values, faults: [] });
  });

  it.each<readonly [string, unknown]>([
    ['count=five', { count: 'five' }],
    ['count=0x10', { count: '0x10' }],
    ['count=', { count: '' }],
    ['strict=yes', { strict: 'yes' }],
    ['names=[a', { names: '[a' }],
    ['other=5', { other: '5' }],
    ['constructor=5', { constructor: '5' }],
  ])('stay text for the validator to refuse: %s', (word, values) => {
    expect(toTypedParameters(SCHEMA, [word])).toEqual({ values, faults: [] });
  });

  it('are faults when they assign nothing or twice', () => {
    expect(toTypedParameters(SCHEMA, ['count', '=5', 'code=a', 'code=b']).faults).toEqual([
      '"count" is not of the form name=value.',
      '"=5" is not of the form name=value.',
      'The parameter code is given twice.',
    ]);
  });
});
