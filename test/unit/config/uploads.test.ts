import { describe, expect, it } from 'vitest';
import { Reader } from '../../../shared/config/reader.ts';
import { readUploads, type UploadsConfig } from '../../../shared/config/uploads.ts';
import { ANALYTICS } from '../../support/targets.ts';

const TARGETS = new Map([['analytics', ANALYTICS]]);
const GOOD = { bucket: 'drop', target: 'analytics' };

interface Reading {
  readonly uploads: UploadsConfig | null;
  readonly faults: readonly string[];
}

function read(text: string | undefined): Reading {
  const reader = new Reader({ JOBGATE_UPLOADS: text });
  return { uploads: readUploads(reader, TARGETS), faults: reader.faults };
}

describe('the place for uploads', () => {
  it.each([[undefined], ['']])('is none when %j is set', (text) => {
    expect(read(text)).toEqual({ uploads: null, faults: [] });
  });

  it('takes files of 10 MiB unless it says otherwise', () => {
    const faults: readonly string[] = [];
    expect(read(JSON.stringify(GOOD))).toEqual({
      uploads: { bucket: 'drop', target: 'analytics', maxBytes: 10_485_760 },
      faults,
    });
    expect(read(JSON.stringify({ ...GOOD, maxBytes: 1 })).uploads?.maxBytes).toBe(1);
    expect(read(JSON.stringify({ ...GOOD, maxBytes: 1_073_741_824 })).faults).toEqual(faults);
  });

  it.each<readonly [string, unknown, string]>([
    ['a list', [], 'JOBGATE_UPLOADS.bucket is missing or malformed'],
    ['no bucket', { target: 'analytics' }, 'JOBGATE_UPLOADS.bucket is missing or malformed'],
    ['a path', { ...GOOD, bucket: 'a/b' }, 'JOBGATE_UPLOADS.bucket is missing or malformed'],
    ['a stranger', { ...GOOD, target: 'x' }, 'JOBGATE_UPLOADS.target must be the name of a target'],
    [
      'half a byte',
      { ...GOOD, maxBytes: 0.5 },
      'JOBGATE_UPLOADS.maxBytes must be a whole number from 1 to 1073741824',
    ],
    [
      'too much',
      { ...GOOD, maxBytes: 1_073_741_825 },
      'JOBGATE_UPLOADS.maxBytes must be a whole number from 1 to 1073741824',
    ],
    ['another member', { ...GOOD, prefix: 'x' }, 'JOBGATE_UPLOADS.prefix is not known'],
  ])('cannot be %s', (_name, value, fault) => {
    expect(read(JSON.stringify(value)).faults).toEqual([fault]);
  });

  it('cannot be what is no JSON', () => {
    expect(read('{').faults).toContain('JOBGATE_UPLOADS is not JSON (syntax)');
  });
});
