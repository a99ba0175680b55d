import { describe, expect, it } from 'vitest';
import { checkParameters, type ParametersCheck } from '../../../shared/templates/parameters.ts';
import { compileValidator, TIDY, TIDY_PARAMETERS } from '../../support/templates.ts';

const validator = compileValidator(TIDY_PARAMETERS);
const INPUT = 'gs://inputs/open/a.csv';

function check(rawParameters: unknown): ParametersCheck {
  return checkParameters(TIDY, validator, rawParameters);
}

describe('parameters', () => {
  it('get the template’s defaults', () => {
    expect(check({ input: INPUT })).toEqual({
      kind: 'valid',
      parameters: { input: INPUT, mode: 'fast', limit: 10, note: '' },
    });
  });

  it('are not changed in the request', () => {
    const raw = { input: INPUT };
    check(raw);
    expect(raw).toEqual({ input: INPUT });
  });

  it('keep what the caller gave', () => {
    const given = { input: INPUT, mode: 'full', limit: 1, note: 'x --conf spark.x=y' };
    expect(check(given)).toEqual({ kind: 'valid', parameters: given });
  });

  it.each<readonly [string, unknown, readonly object[]]>([
    ['a missing one', {}, [{ pointer: '/parameters/input', message: 'is required' }]],
    [
      'a mistyped one',
      { input: INPUT, limit: '10' },
      [{ pointer: '/parameters/limit', message: 'must be integer' }],
    ],
    [
      'one out of bounds',
      { input: INPUT, limit: 1001 },
      [{ pointer: '/parameters/limit', message: 'must be <= 1000' }],
    ],
    [
      'one outside its list',
      { input: INPUT, mode: 'slow' },
      [{ pointer: '/parameters/mode', message: 'must be one of "fast", "full"' }],
    ],
    [
      'an unknown one',
      { input: INPUT, 'a/b~c': 1 },
      [{ pointer: '/parameters/a~1b~0c', message: 'is not known here' }],
    ],
    [
      'one called __proto__',
      JSON.parse(`{"input":"${INPUT}","__proto__":{"limit":5}}`),
      [{ pointer: '/parameters/__proto__', message: 'is not known here' }],
    ],
    ['a list', [], [{ pointer: '/parameters', message: 'must be object' }]],
    ['text', 'input', [{ pointer: '/parameters', message: 'must be object' }]],
    ['nothing', undefined, [{ pointer: '/parameters', message: 'must be object' }]],
  ])('name each fault by JSON pointer: %s', (_name, raw, errors) => {
    expect(check(raw)).toEqual({ kind: 'invalid', errors });
  });

  it('name all faults at once', () => {
    const verdict = check({ mode: 'slow', limit: 0, colour: 'red' });
    expect(verdict).toEqual({
      kind: 'invalid',
      errors: [
        { pointer: '/parameters/input', message: 'is required' },
        { pointer: '/parameters/colour', message: 'is not known here' },
        { pointer: '/parameters/mode', message: 'must be one of "fast", "full"' },
        { pointer: '/parameters/limit', message: 'must be >= 1' },
      ],
    });
  });

  it('name at most 20 faults, with at most 100 characters of a name', () => {
    const names = Array.from({ length: 50 }, (_, index) => `${index}${'x'.repeat(200)}`);
    const verdict = check(
      Object.fromEntries([['input', INPUT], ...names.map((name) => [name, 1])]),
    );
    const errors = verdict.kind === 'invalid' ? verdict.errors : [];
    expect(errors).toHaveLength(20);
    expect(errors[0]?.pointer).toBe(`/parameters/0${'x'.repeat(99)}`);
  });

  it('name at most 400 characters of a place, and no half of one', () => {
    const schema = {
      type: 'object',
      additionalProperties: { type: 'object', additionalProperties: { type: 'integer' } },
    };
    const names = [`~${'x'.repeat(200)}`, `${'😀'.repeat(150)}/`];
    const raw = { [names[0] ?? '']: { [names[1] ?? '']: 'x' } };
    const verdict = checkParameters(TIDY, compileValidator(schema), raw);
    const errors = verdict.kind === 'invalid' ? verdict.errors : [];
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      `/parameters/~0${'x'.repeat(200)}/${'😀'.repeat(92)}\ufffd`,
    ]);
  });
});

describe('a storage URI', () => {
  it.each([
    'gs://inputs/open/a.csv',
    'gs://inputs/shared/x/y=1/Zürich b.csv',
    'gs://inputs/open/at=10%3A00/50% off;a.csv',
    'gs://inputs/open/．．/looks-like-a-step.csv',
  ])('may lie under what the template reads: %s', (input) => {
    expect(check({ input }).kind).toBe('valid');
  });

  it.each([
    ['another bucket', 'gs://secrets/open/a.csv'],
    ['another folder', 'gs://inputs/closed/a.csv'],
    ['a folder that begins alike', 'gs://inputs/open-secrets/a.csv'],
    ['another scheme', 's3://inputs/open/a.csv'],
    ['a local file', 'file:///inputs/open/a.csv'],
    ['capitals', 'gs://Inputs/open/a.csv'],
    ['a space before', ' gs://inputs/open/a.csv'],
    ['nothing', ''],
  ])('must lie under what the template reads: %s', (_name, input) => {
    expect(check({ input })).toEqual({
      kind: 'invalid',
      errors: [
        {
          pointer: '/parameters/input',
          message: 'must lie under gs://inputs/open/ or gs://inputs/shared/',
        },
      ],
    });
  });

  it.each([
    ['a step up', 'gs://inputs/open/../closed/a.csv'],
    ['a step up at the end', 'gs://inputs/open/..'],
    ['a step nowhere', 'gs://inputs/open/./a.csv'],
    ['an empty segment', 'gs://inputs/open//a.csv'],
    ['a star', 'gs://inputs/open/*.csv'],
    ['a question mark', 'gs://inputs/open/?.csv'],
    ['a set', 'gs://inputs/open/[ab].csv'],
    ['a choice', 'gs://inputs/open/{a,b}.csv'],
    ['a fragment', 'gs://inputs/open/a.csv#1'],
    ['a backslash', 'gs://inputs/open/\\..\\closed'],
    ['a line break', 'gs://inputs/open/a.csv\n'],
    ['a null character', 'gs://inputs/open/a.csv\u0000'],
    ['a second URI behind a comma', 'gs://inputs/open/a.csv,gs://secrets/b.csv'],
    ['a local file behind a comma', 'gs://inputs/open/a.csv,file:/etc/passwd'],
    ['a step up, percent-encoded', 'gs://inputs/open/%2e%2E/closed/a.csv'],
    ['a step up behind an encoded slash', 'gs://inputs/open/..%2Fclosed/a.csv'],
    ['a step up, encoded twice', 'gs://inputs/open/%252e%252e/closed/a.csv'],
    ['an encoded backslash', 'gs://inputs/open/..%5Cclosed/a.csv'],
    ['an encoded null character', 'gs://inputs/open/a.csv%00.png'],
    ['a text that runs the other way', 'gs://inputs/open/\u202evsc.a'],
    ['a byte order mark', 'gs://inputs/open/\ufeffa.csv'],
  ])('must be plain: %s', (_name, input) => {
    expect(check({ input })).toEqual({
      kind: 'invalid',
      errors: [
        {
          pointer: '/parameters/input',
          message:
            'must be a plain object URI without empty, "." or ".." segments, commas or wildcards',
        },
      ],
    });
  });
});

describe('an argument of the program', () => {
  const refused = 'must not begin with "-" or "@", which the program could take for an option';

  it.each([
    ['an option', '--output=gs://secrets/', refused],
    ['a setting of Spark', '--conf spark.jars=gs://secrets/x.jar', refused],
    ['a short option', '-f', refused],
    ['the mark of standard input', '-', refused],
    ['a file of arguments', '@/etc/passwd', refused],
    ['cut off by a null character', 'a\u0000b', 'must not hold a null character'],
  ])('must be none of its own: %s', (_name, note, message) => {
    expect(check({ input: INPUT, note })).toEqual({
      kind: 'invalid',
      errors: [{ pointer: '/parameters/note', message }],
    });
  });

  it.each(['', ' -x', 'a\nb', '\u2212x', '–output', "'; DROP TABLE x; --", '${env:HOME}'])(
    'may be any other text, which is one argument: %j',
    (note) => {
      expect(check({ input: INPUT, note })).toMatchObject({ kind: 'valid', parameters: { note } });
    },
  );

  it('may be what the template’s author lists, whatever it begins with', () => {
    const properties = { ...TIDY_PARAMETERS.properties, note: { enum: ['-', '@all'] } };
    const parameters = { ...TIDY_PARAMETERS, properties };
    const template = { ...TIDY, parameters };
    const raw = { input: INPUT, note: '@all' };
    expect(checkParameters(template, compileValidator(parameters), raw).kind).toBe('valid');
  });

  it('is only what an argument names', () => {
    const program = { ...TIDY.program, args: [] };
    const raw = { input: INPUT, note: '-x' };
    expect(checkParameters({ ...TIDY, program }, validator, raw).kind).toBe('valid');
  });
});
