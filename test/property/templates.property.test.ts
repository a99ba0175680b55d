import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkParameters } from '../../shared/templates/parameters.ts';
import { renderProgram } from '../../shared/templates/render.ts';
import { argsOf, compileValidator, TIDY, TIDY_PARAMETERS } from '../support/templates.ts';

const validator = compileValidator(TIDY_PARAMETERS);

describe('parameters', () => {
  it('of any JSON get a verdict whose faults point into them, and stay as they were', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())), (raw) => {
        const before = JSON.stringify(raw);
        const verdict = checkParameters(TIDY, validator, raw);
        expect(JSON.stringify(raw)).toBe(before);
        const errors = verdict.kind === 'invalid' ? verdict.errors : [];
        expect(errors.filter(({ pointer }) => !/^\/parameters(\/|$)/.test(pointer))).toEqual([]);
        expect(verdict.kind === 'valid' || errors.length > 0).toBe(true);
      }),
    );
  });

  it('never let a storage URI out of what the template reads', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'gs://',
        'inputs',
        '/',
        'open',
        'shared',
        '..',
        '.',
        'secrets',
        ',',
        '*',
        'a',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(fc.constantFrom('', 'gs://inputs/open/'), pieces, (start, parts) => {
        const input = `${start}${parts.join('')}`;
        if (checkParameters(TIDY, validator, { input }).kind === 'invalid') return;
        const { hostname, pathname } = new URL(input.replace('gs://', 'https://'));
        expect(hostname).toBe('inputs');
        expect(pathname).toMatch(/^\/(open|shared)\//);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a rendered argument', () => {
  it('is one whole parameter, whatever it holds', () => {
    const values = fc.record({ input: fc.string(), note: fc.string({ unit: 'binary' }) });
    fc.assert(
      fc.property(values, fc.integer(), ({ input, note }, limit) => {
        const place = { stagingBucket: 'stage', jobId: 'jg-1', correlationId: 'nightly-1' };
        const args = argsOf(renderProgram(TIDY, { input, note, limit }, place));
        expect(args).toEqual([
          '--input',
          input,
          '--note',
          note,
          '--limit',
          String(limit),
          '--output',
          'gs://results/tidy/jg-1/',
        ]);
      }),
    );
  });
});
