import { describe, expect, it } from 'vitest';
import { readJsonBody } from '../../../shared/http/body.ts';
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

  it('is refused without a word of what was sent', () => {
    try {
      read('{"password":"hunter2"', 'application/json');
    } catch (error) {
      expect(error).toMatchObject({ detail: 'The body is not JSON.', extras: {} });
    }
    expect.assertions(1);
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
