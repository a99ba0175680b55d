import { describe, expect, it } from 'vitest';
import {
  fieldsMeet,
  labelsMeet,
  parseAndFilter,
} from '../../../../local/google/dataproc/and-filter.ts';

const fields = { 'status.state': ['ACTIVE', 'NON_ACTIVE'], clusterName: null };

function parse(text: string) {
  return parseAndFilter(text, fields);
}

describe('a filter of comparisons that all must hold', () => {
  it.each([
    ['', []],
    ['labels.team', [{ label: 'team', value: '*' }]],
    ['clusterName="c 1"', [{ field: 'clusterName', value: 'c 1' }]],
    [
      'status.state = ACTIVE AND labels.env=staging labels.starred = *',
      [
        { field: 'status.state', value: 'ACTIVE' },
        { label: 'env', value: 'staging' },
        { label: 'starred', value: '*' },
      ],
    ],
  ])('%j has its conditions', (text, conditions) => {
    expect(parse(text)).toEqual(conditions);
  });

  it.each([
    'status.state = RUNNING',
    'status.state',
    'status.state = ACTIVE OR labels.a = b',
    'status.state != ACTIVE',
    'state = ACTIVE',
    'AND status.state = ACTIVE',
    'status.state = ACTIVE AND',
    'status.state = ACTIVE AND AND labels.a = b',
    '(status.state = ACTIVE)',
    'labels. = x',
    'clusterName = "open',
    'toString = x',
    'a'.repeat(4001),
  ])('%j is refused', (text) => {
    expect(() => parse(text)).toThrow('Invalid filter: ');
  });

  it('holds for labels that are there and have the value', () => {
    const labels = { env: 'staging', starred: '' };
    expect(labelsMeet(parse('labels.env = staging labels.starred = *'), labels)).toBe(true);
    expect(labelsMeet(parse('labels.env = other'), labels)).toBe(false);
    expect(labelsMeet(parse('labels.toString = *'), labels)).toBe(false);
  });

  it('holds for one of the values of a field', () => {
    const values = { 'status.state': ['ACTIVE', 'RUNNING'] };
    expect(fieldsMeet(parse('status.state = ACTIVE'), values)).toBe(true);
    expect(fieldsMeet(parse('status.state = NON_ACTIVE'), values)).toBe(false);
    expect(fieldsMeet(parse('clusterName = c1'), values)).toBe(false);
  });
});
