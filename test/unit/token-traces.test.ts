import { describe, expect, it } from 'vitest';
import { findTokenTraces } from '../support/token-traces.ts';

const TOKEN = 'eyJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL2lzc3VlciJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4';

describe('traces of tokens in a text', () => {
  it.each([
    ['the whole', TOKEN],
    ['its scheme', 'Bearer of'],
    ['its header', 'x eyJ0eXAiOiJh'],
    ['its claims', 'eyJpc3MiOiJodHRwczovL2lz'],
    ['its signature', '"c2lnbmF0dXJlLW9mLWEtd"'],
    ['the header of another', 'eyJhbGciOiJSUzI1NiJ9'],
  ])('are found: %s', (_what, text) => {
    expect(findTokenTraces(text, [TOKEN])).not.toEqual([]);
  });

  it('are not seen in an id that has three of their letters by chance', () => {
    expect(findTokenTraces('{"tokenId":"a7eyJQm0-x"}', [TOKEN])).toEqual([]);
  });
});
