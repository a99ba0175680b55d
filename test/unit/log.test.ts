import { describe, expect, it } from 'vitest';
import { describeCause, redact } from '../../shared/log.ts';
import { createLogRecorder } from '../support/log-lines.ts';

describe('a log line', () => {
  it('is one JSON object with the time, the level and the fields', () => {
    const { log, lines } = createLogRecorder();
    log
      .with({ service: 'jobgate' })
      .with({ jobId: 'jg-1' })
      .write('info', 'refused', { rule: 'r' });
    expect(lines).toEqual([
      '{"timestamp":"2026-01-15T12:00:00.000Z","level":"info","message":"refused","service":"jobgate","jobId":"jg-1","rule":"r"}',
    ]);
  });

  it('stays one line whatever a caller sends', () => {
    const { log, lines, entries } = createLogRecorder();
    const path =
      'a\nb\r\u0085\u2028\u2029"},{"level":"audit"\u0000\u001b[2J\u009b2J\u202e\ufeff\u{e0041}';
    log.write('info', 'answered', { path });
    expect(lines[0]).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(entries()).toMatchObject([{ level: 'info', path }]);
  });

  it('cuts texts to 512 characters', () => {
    const { log, entries } = createLogRecorder();
    log.write('error', 'failed', { cause: 'x'.repeat(513), path: 'y'.repeat(512) });
    expect(entries()).toMatchObject([{ cause: `${'x'.repeat(512)}…`, path: 'y'.repeat(512) }]);
  });

  it('cuts no character in half', () => {
    const { log, lines } = createLogRecorder();
    log.write('info', 'answered', { path: `x${'😀'.repeat(300)}` });
    expect(lines[0]).toContain('😀\ufffd…"');
  });

  it('does not carry the fields of another log', () => {
    const { log, entries } = createLogRecorder();
    log.with({ jobId: 'jg-1' });
    log.write('info', 'answered');
    expect(entries()[0]).not.toHaveProperty('jobId');
  });
});

describe('the description of a cause', () => {
  it('names class and message of the chain, without stacks', () => {
    const cause = new TypeError('inner', { cause: new RangeError('innermost') });
    const error = new Error('outer', { cause });
    expect(describeCause(error)).toBe('Error: outer <- TypeError: inner <- RangeError: innermost');
  });

  it('ends in a chain that has no end', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(describeCause(error)).toBe('Error: loop <- Error: loop <- Error: loop <- Error: loop');
  });

  it('names only the kind of what is no error', () => {
    expect(describeCause('a secret')).toBe('string');
    expect(describeCause({ token: 'a secret' })).toBe('object');
  });

  it('carries no token', () => {
    const error = new Error('Bearer abc.def rejected', { cause: new Error('got ya29.a0Af_b-c') });
    expect(describeCause(error)).toBe('Error: [redacted] rejected <- Error: got [redacted]');
  });
});

describe('redaction', () => {
  it.each([
    ['a signed token', 'x eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln y', 'x [redacted] y'],
    ['two segments of a token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0', '[redacted]'],
    ['a bearer token', 'authorization: Bearer opaque-123', 'authorization: [redacted]'],
    ['a lower-case bearer token', 'authorization: bearer opaque-123', 'authorization: [redacted]'],
    ['a Google token', 'ya29.c.b0Aaek', '[redacted]'],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['a temporary AWS key id', 'ASIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['nothing else', 'job jg-1 in us-central1', 'job jg-1 in us-central1'],
  ])('replaces %s', (_name, text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});
