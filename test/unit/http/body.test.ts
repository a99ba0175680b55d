import { describe, expect, it } from 'vitest';
import { readJsonBody } from '../../../shared/http/body.ts';
import { describeCause } from '../../../shared/log.ts';
import { parseRequest } from '../../../shared/http/request.ts';
import { makeProxyEvent } from '../../support/proxy-events.ts';

function read(body: string | undefined, contentType?: string): unknown {
  const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
  const parts = body === undefined ? { headers } : { headers, body };
  return readJsonBody(parseRequest(makeProxyEvent(parts)));
}

describe('a JSON body', () => {
  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json ;x=y',
  ])('is read from the type %s', (contentType) => {
    expect(read(' {"a": [1, null, "ü"]} ', contentType)).toEqual({ a: [1, null, 'ü'] });
  });

  it.each([
    undefined,
    '',
    'text/plain',
    'application/jsonp',
    'application/json-patch+json',
    'text/json',
  ])('is refused with the type %s', (contentType) => {
    expect(() => read('{}', contentType)).toThrow(
      expect.objectContaining({ code: 'unsupported_media_type' }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['no characters', ''],
    ['half a text', '{"a":'],
    ['a comment', '{} // x'],
    ['single quotes', "{'a':1}"],
    ['no number', '{"a":NaN}'],
    ['a list', '[]'],
    ['text', '"a"'],
    ['a number', '1'],
    ['null', 'null'],
  ])('is refused when it is %s', (_name, body) => {
    expect(() => read(body, 'application/json')).toThrow(
      expect.objectContaining({ code: 'invalid_json' }),
    );
  });

  it.each(['{"a":"\\ud800"}', '{"a":[{"\\udc00":1}]}'])(
    'is refused with half a character: %s',
    (body) => {
      expect(() => read(body, 'application/json')).toThrow(
        expect.objectContaining({
          code: 'invalid_json',
          detail: 'A text in the body holds half a character (a lone surrogate).',
        }),
      );
      expect(read('{"a":"\\ud83d\\ude00"}', 'application/json')).toEqual({ a: '😀' });
    },
  );

  it('is refused without a word of what was sent, to the caller or to the log', () => {
    for (const body of ['{"password":"hunter2"', 'hunter2', '{"a":hunter2}']) {
      try {
        read(body, 'application/json');
      } catch (error) {
        expect(error).toMatchObject({ detail: 'The body is not JSON.', extras: {} });
        expect(describeCause(error)).toBe('Problem: invalid_json: The body is not JSON.');
      }
    }
    expect.assertions(6);
  });

  it.each([
    ['in the body', '{"a":1,"a":2}'],
    ['below it', '{"a":[{"b":{"c":1,"c":1}}]}'],
    ['of which one is escaped', '{"template":"x","\\u0074emplate":"y"}'],
    ['that every object seems to have', '{"__proto__":1,"__proto__":2}'],
  ])('is refused with two members of one name %s', (_name, body) => {
    expect(() => read(body, 'application/json')).toThrow(
      expect.objectContaining({
        code: 'invalid_json',
        detail: 'An object in the body has two members of one name.',
      }),
    );
    expect(read('{"a":{"a":1},"b":[{"a":1},{"a":2}]}', 'application/json')).toHaveProperty('b');
  });

  it.each([
    '1e400',
    '-1e400',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '1e300',
  ])('is refused with a number that cannot be kept: %s', (number) => {
    expect(() => read(`{"a":[${number}]}`, 'application/json')).toThrow(
      expect.objectContaining({
        code: 'invalid_json',
        detail: expect.stringMatching(/^A number in the body is beyond what can be kept/) as string,
      }),
    );
  });

  it.each(['9007199254740991', '-9007199254740991', '0.1', '1e-400', '-0', '123456789.25'])(
    'keeps the number %s',
    (number) => {
      expect(read(`{"a":${number}}`, 'application/json')).toEqual({ a: Number(number) });
    },
  );

  it('in base64 is refused when it is no UTF-8, and begins with no byte order mark', () => {
    const readBytes = (bytes: Buffer): unknown => {
      const headers = { 'Content-Type': 'application/json' };
      const event = makeProxyEvent({ headers, body: bytes.toString('base64') });
      return readJsonBody(parseRequest({ ...event, isBase64Encoded: true }));
    };
    expect(readBytes(Buffer.from('{"a":"ü"}'))).toEqual({ a: 'ü' });
    for (const bytes of [
      Buffer.from('{"a":"ü"}', 'latin1'),
      Buffer.from('{"a":"\u0000"}', 'utf16le'),
      Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from('\ufeff{"a":1}'),
    ]) {
      expect(() => readBytes(bytes)).toThrow(expect.objectContaining({ code: 'invalid_json' }));
    }
  });

  it('has at most 65,536 bytes', () => {
    const fits = `{"a":"${'x'.repeat(65_528)}"}`;
    expect(read(fits, 'application/json')).toHaveProperty('a');
    const over = fits.replace('xx', 'xü');
    expect(() => read(over, 'application/json')).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    );
  });

  it('is nested at most 64 levels deep, so that nothing that walks it can be exhausted', () => {
    const nest = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    expect(read(nest(64), 'application/json')).toHaveProperty('a');
    for (const body of [
      nest(65),
      nest(10_000),
      `{"a":${'['.repeat(32_000)}${']'.repeat(32_000)}}`,
    ]) {
      expect(() => read(body, 'application/json')).toThrow(
        expect.objectContaining({
          code: 'invalid_json',
          detail: 'The body is nested deeper than 64 levels.',
        }),
      );
    }
  });
});
