import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toUploadPlace, toUploadUri } from '../../shared/jobs/uploads.ts';
import { checkParameters } from '../../shared/templates/parameters.ts';
import type { Template } from '../../shared/templates/template.ts';
import { ANALYST } from '../support/callers.ts';
import { compileValidator, TIDY, TIDY_PARAMETERS } from '../support/templates.ts';

const WHERE = { deployment: 'jobgate-prod', bucket: 'drop' };
const PLACE = toUploadPlace(ANALYST, WHERE);
const OTHERS = toUploadPlace({ ...ANALYST, subject: 'otto' }, WHERE).area;
const OWN = toUploadUri(
  PLACE,
  { size: 30, sha256: '0'.repeat(64), name: 'etl.py' },
  new Uint8Array(16),
);

const PARAMETERS = {
  ...TIDY_PARAMETERS,
  required: [],
  properties: {
    input: { type: 'string', format: 'storage-uri' },
    script: { type: 'string', format: 'upload-uri' },
  },
} as const;
/** Reads all that callers put, as the account of scripts must. */
const TEMPLATE: Template = { ...TIDY, parameters: PARAMETERS, reads: ['gs://drop/'] };
const validator = compileValidator(PARAMETERS);

/** Pieces of which climbing paths, lists and neighbours are made. */
const pieces = fc.array(
  fc.oneof(
    fc.constantFrom('gs://', 'drop', '/', 'uploads', '..', '.', '%2e', ',', '*', '\\', '#', '?'),
    fc.constantFrom(PLACE.area, OTHERS, OWN, OTHERS.slice(5), 'etl.py', '\u0000', '\n', '\uff0e'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  ),
  { maxLength: 8 },
);
const starts = fc.constantFrom('', OWN, PLACE.area, PLACE.root, 'gs://drop/', OTHERS);

/** What a file system makes of a name. */
function resolvePath(uri: string): string {
  return new URL(uri.replace('gs://', 'https://')).pathname.replaceAll(/\/+/g, '/');
}

describe('whatever is given for a file', () => {
  it('is never one of another caller’s', () => {
    fc.assert(
      fc.property(starts, pieces, (start, parts) => {
        const input = `${start}${parts.join('')}`;
        const verdict = checkParameters(TEMPLATE, validator, { input }, PLACE);
        if (verdict.kind === 'invalid') return;
        const path = resolvePath(input);
        expect(!path.startsWith('/uploads/') || path.startsWith(PLACE.area.slice(9))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is exactly one upload of the caller’s own where only those are taken', () => {
    const shape = new RegExp(
      `^${PLACE.area}[a-z2-7]{26}/[1-9]\\d{0,9}/[0-9a-f]{64}/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`,
    );
    fc.assert(
      fc.property(starts, pieces, (start, parts) => {
        const script = `${start}${parts.join('')}`;
        const verdict = checkParameters(TEMPLATE, validator, { script }, PLACE);
        expect(verdict.kind === 'valid').toBe(shape.test(script) && !script.endsWith('\n'));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('an upload', () => {
  it('is taken from its own caller and refused from any other', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const callers = fc.record({ issuer: text, subject: text, actor: fc.option(text) });
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const sizes = fc.integer({ min: 1, max: 1024 ** 3 });
    const names = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/);
    fc.assert(
      fc.property(callers, callers, bytes, sizes, names, (one, other, random, size, name) => {
        const place = toUploadPlace(one, WHERE);
        const script = toUploadUri(place, { size, sha256: 'f'.repeat(64), name }, random);
        const raw = { script, input: script };
        expect(checkParameters(TEMPLATE, validator, raw, place).kind).toBe('valid');
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        const verdict = checkParameters(TEMPLATE, validator, raw, toUploadPlace(other, WHERE));
        expect(verdict.kind).toBe(isSame ? 'valid' : 'invalid');
      }),
    );
  });
});
