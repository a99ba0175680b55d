import { describe, expect, it } from 'vitest';
import { checkLabels } from '../../../../local/google/dataproc/labels.ts';

const longest = `a${'b'.repeat(62)}`;

describe('labels', () => {
  it('may have keys and values of 63 characters, and empty values', () => {
    expect(() => {
      checkLabels({ [longest]: longest, 'jg-template': 'preprocess', empty: '' }, 'batch');
    }).not.toThrow();
  });

  it.each(['', 'Upper', '1st', 'under_score', 'with.dot', 'ends-', `${longest}b`, 'ü'])(
    'may not have the key %j',
    (key) => {
      expect(() => {
        checkLabels({ [key]: 'value' }, 'batch');
      }).toThrow(`Label key ${JSON.stringify(key)} does not conform to RFC 1035.`);
    },
  );

  it.each(['Upper', '1-2-0', 'under_score', 'with space', 'ends-', `${longest}b`])(
    'may not have the value %j',
    (value) => {
      expect(() => {
        checkLabels({ key: value }, 'batch');
      }).toThrow(`Label value ${JSON.stringify(value)} of "key" does not conform to RFC 1035.`);
    },
  );

  it('are 32 at most', () => {
    const labels = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
    expect(() => {
      checkLabels(labels(32), 'batch');
    }).not.toThrow();
    expect(() => {
      checkLabels(labels(33), 'cluster');
    }).toThrow('No more than 32 labels can be associated with a cluster; there are 33.');
  });
});
