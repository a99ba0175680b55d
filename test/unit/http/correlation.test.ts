import { describe, expect, it } from 'vitest';
import { chooseCorrelationId } from '../../../shared/http/correlation.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

function choose(headers: Readonly<Record<string, string>>): string {
  return chooseCorrelationId(new Map(Object.entries(headers)), 'made');
}

describe('the correlation id', () => {
  it.each([
    ['nightly-2026-01-15', 'nightly-2026-01-15'],
    ['NIGHTLY-1', 'nightly-1'],
    ['12345678', '12345678'],
    ['a'.repeat(60), 'a'.repeat(60)],
  ])('is the caller’s own: %s', (own, expected) => {
    expect(choose({ 'x-correlation-id': own })).toBe(expected);
  });

  it.each([
    ['too short', '1234567'],
    ['too long', 'a'.repeat(61)],
    ['with a hyphen first', '-1234567'],
    ['with an underscore', 'nightly_1'],
    ['with a space', 'nightly 1'],
    ['with a line break', 'nightly-1\n'],
    ['with a quote', 'nightly-"1'],
    ['empty', ''],
  ])('is made when the caller’s own is %s', (_name, own) => {
    expect(choose({ 'x-correlation-id': own })).toBe('made');
  });

  it('is the trace id when the caller has none of its own', () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    expect(choose({ traceparent })).toBe(TRACE);
    expect(choose({ traceparent, 'x-correlation-id': 'bad id' })).toBe(TRACE);
    expect(choose({ traceparent, 'x-correlation-id': 'good-id-1' })).toBe('good-id-1');
  });

  it.each([`01-${TRACE}-00f067aa0ba902b7-01`, `cc-${TRACE}-00f067aa0ba902b7-00-what-comes`])(
    'is the trace id of a later version: %s',
    (traceparent) => {
      expect(choose({ traceparent })).toBe(TRACE);
    },
  );

  it.each([
    ['all zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['of a parent that is all zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['of version ff', `ff-${TRACE}-00f067aa0ba902b7-01`],
    ['of version 00 and goes on', `00-${TRACE}-00f067aa0ba902b7-01-00`],
    ['of a later version and goes on without a hyphen', `01-${TRACE}-00f067aa0ba902b7-0100`],
    ['followed by another one', `00-${TRACE}-00f067aa0ba902b7-01,00-${TRACE}-00f067aa0ba902b7-01`],
    ['followed by a line break', `00-${TRACE}-00f067aa0ba902b7-01\n`],
    ['in capitals', `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`],
    ['cut', `00-${TRACE}`],
    ['no trace', 'x'],
  ])('is made when the trace is %s', (_name, traceparent) => {
    expect(choose({ traceparent })).toBe('made');
  });
});
