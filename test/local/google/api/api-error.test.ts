import { describe, expect, it } from 'vitest';
import { ApiError, permissionDenied } from '../../../../local/google/api/api-error.ts';
import { encodeStatus } from '../../../../local/google/api/error-details.ts';

describe('an error', () => {
  it('has a message of 1 KiB at most, cut between characters', () => {
    const { message } = new ApiError('NOT_FOUND', `a${'🦉'.repeat(100_000)}`);
    expect(message).toBe(`a${'🦉'.repeat(255)}…`);
    expect(Buffer.byteLength(message)).toBe(1024);
  });

  it('keeps a message that is short enough, without lone surrogates', () => {
    expect(new ApiError('NOT_FOUND', 'x'.repeat(1024)).message).toBe('x'.repeat(1024));
    expect(new ApiError('NOT_FOUND', 'a\ud800b').message).toBe('a\ufffdb');
  });

  it('has details whose texts are cut', () => {
    const { details } = permissionDenied('p', `resource '//x/${'y'.repeat(100_000)}'`);
    const resource = `//x/${'y'.repeat(505)}…`;
    expect(details).toMatchObject([{ metadata: { permission: 'p', resource } }]);
  });

  it('leaves out details that make it too long', () => {
    const detail = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'r'.repeat(400) };
    const error = new ApiError(
      'NOT_FOUND',
      '🦉'.repeat(1000),
      Array<typeof detail>(100).fill(detail),
    );
    expect(error.details).toEqual(Array(4).fill(detail));
    expect(encodeStatus(error).length).toBeLessThan(4096);
  });
});
