import { describe, expect, it } from 'vitest';
import { readIdempotencyKey } from '../../../shared/http/idempotency-key.ts';
import { parseRequest } from '../../../shared/http/request.ts';
import { makeProxyEvent } from '../../support/proxy-events.ts';

function read(key?: string): string {
  const headers = key === undefined ? {} : { 'Idempotency-Key': key };
  return readIdempotencyKey(parseRequest(makeProxyEvent({ headers })));
}

describe('the idempotency key', () => {
  it.each([
    ['a', 'a'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['a"b', 'a"b'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['!~', '!~'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('is read raw and quoted: %s', (header, key) => {
    expect(read(header)).toBe(key);
  });

  it('is refused when it was sent twice', () => {
    const multiValueHeaders = { 'Idempotency-Key': ['a', 'b'] };
    const event = { ...makeProxyEvent({ headers: { 'Idempotency-Key': 'b' } }), multiValueHeaders };
    expect(() => readIdempotencyKey(parseRequest(event))).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        detail: 'Send one Idempotency-Key header.',
      }),
    );
  });

  it('is a random one when there is none', () => {
    expect(read()).toMatch(/^[0-9a-f-]{36}$/);
    expect(read()).not.toBe(read());
  });

  it.each([
    ['nothing', ''],
    ['an empty quoted text', '""'],
    ['a quotation without end', '"abc'],
    ['an escape of another character', String.raw`"a\b"`],
    ['a space', 'a b'],
    ['two keys', 'a, b'],
    ['a tab', 'a\tb'],
    ['a letter outside ASCII', 'schlüssel'],
    ['a control character', 'a\u007f'],
    ['256 characters', 'x'.repeat(256)],
    ['256 quoted characters', `"${'x'.repeat(256)}"`],
  ])('is refused with %s', (_name, header) => {
    expect(() => read(header)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters.',
      }),
    );
  });
});
