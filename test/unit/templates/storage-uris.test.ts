import { describe, expect, it } from 'vitest';
import { checkParameters } from '../../../shared/templates/parameters.ts';
import { takesUploads, type UploadPlace } from '../../../shared/templates/storage-uris.ts';
import type { Template } from '../../../shared/templates/template.ts';
import { compileValidator, TIDY, TIDY_PARAMETERS } from '../../support/templates.ts';

const MINE = 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
const OTHERS = 'bbbbbbbbbbbbbbbbbbbbbbbbbb';
const PLACE: UploadPlace = {
  root: 'gs://drop/uploads/',
  area: `gs://drop/uploads/${MINE}/`,
};
const FILE = `${'c'.repeat(26)}/1048576/${'0'.repeat(64)}/etl.py`;
const OWN = `${PLACE.area}${FILE}`;

const SCRIPT_PARAMETERS = {
  type: 'object',
  additionalProperties: false,
  required: ['script'],
  properties: { script: { type: 'string', format: 'upload-uri', maxLength: 500 } },
} as const;
const SCRIPT: Template = {
  ...TIDY,
  parameters: SCRIPT_PARAMETERS,
  // Its account reads what all callers put: that admits nobody to another's files.
  reads: ['gs://drop/'],
};
const NOSY: Template = { ...TIDY, reads: ['gs://drop/'] };
const checkScript = compileValidator(SCRIPT_PARAMETERS);
const checkTidy = compileValidator(TIDY_PARAMETERS);

function faultOfScript(script: string, place: UploadPlace | null = PLACE): string | undefined {
  const verdict = checkParameters(SCRIPT, checkScript, { script }, place);
  if (verdict.kind === 'valid') return undefined;
  expect(verdict.errors.map(({ pointer }) => pointer)).toEqual(['/parameters/script']);
  return verdict.errors[0]?.message;
}

function faultOfInput(template: Template, input: string, place: UploadPlace | null = PLACE) {
  const verdict = checkParameters(template, checkTidy, { input }, place);
  if (verdict.kind === 'valid') return undefined;
  expect(verdict.errors.map(({ pointer }) => pointer)).toEqual(['/parameters/input']);
  return verdict.errors[0]?.message;
}

const STRAY = [
  ['another caller’s file', OWN.replace(MINE, OTHERS)],
  ['an area that begins alike', OWN.replace(MINE, `${MINE}b`)],
  ['all areas', 'gs://drop/uploads/'],
  ['the place beside', OWN.replace('/uploads/', '/uploads-of-others/')],
  ['another bucket', OWN.replace('drop', 'drop2')],
  ['a way around', `${PLACE.area}../${OTHERS}/${FILE}`],
  ['a way around at the top', `gs://drop/x/../uploads/${OTHERS}/${FILE}`],
  ['an empty segment', `gs://drop//uploads/${OTHERS}/${FILE}`],
  ['an encoded way around', `${PLACE.area}%2e%2e/${OTHERS}/${FILE}`],
  ['a star', OWN.replace('etl', '*')],
  ['two files', `${OWN},gs://drop/x`],
  ['a line break', `${OWN}\n`],
  ['capitals', OWN.replace('drop', 'DROP')],
  ['a generation', `${OWN}#1`],
] as const;

describe('a parameter that takes only a caller’s own file', () => {
  it('takes one as create-upload names it', () => {
    expect(faultOfScript(OWN)).toBeUndefined();
  });

  it.each<readonly [string, string]>([
    ...STRAY,
    ['what the template reads', 'gs://drop/open/etl.py'],
    ['the area itself', PLACE.area],
    ['no digest', `${PLACE.area}${'c'.repeat(26)}/1048576/etl.py`],
    ['no size', OWN.replace('/1048576', '')],
    ['a size of nothing', OWN.replace('1048576', '0')],
    ['a size with a zero in front', OWN.replace('1048576', '01')],
    ['a size of more digits than any file has', OWN.replace('1048576', '10485761048')],
    ['a hidden name', OWN.replace('etl', '.etl')],
    ['a folder more', OWN.replace('etl.py', 'x/etl.py')],
    ['nothing', ''],
  ])('does not take %s', (_name, script) => {
    expect(faultOfScript(script)).toBe(
      `must be a file of your own: POST /v1/uploads gives its URI, which begins with gs://drop/uploads/${MINE}/`,
    );
  });

  it('takes one of as many bytes as maxBytes says, and none that is larger', () => {
    const script = { type: 'string', format: 'upload-uri', maxBytes: 1_048_576 } as const;
    const parameters = { ...SCRIPT_PARAMETERS, properties: { script } };
    const check = (value: string) =>
      checkParameters(
        { ...SCRIPT, parameters },
        compileValidator(parameters),
        { script: value },
        PLACE,
      );
    expect(check(OWN).kind).toBe('valid');
    expect(check(OWN.replace('1048576', '1048577'))).toEqual({
      kind: 'invalid',
      errors: [
        {
          pointer: '/parameters/script',
          message: 'must be a file of at most 1048576 bytes: this one has 1048577',
        },
      ],
    });
    expect(faultOfScript(OWN.replace('1048576', '1073741824'))).toBeUndefined();
  });

  it('takes nothing where there are no uploads', () => {
    expect(faultOfScript(OWN, null)).toBe('cannot be given here: this deployment takes no uploads');
  });
});

describe('a storage URI', () => {
  it('may be a file of the caller’s own', () => {
    expect(faultOfInput(TIDY, OWN)).toBeUndefined();
    expect(faultOfInput(NOSY, OWN)).toBeUndefined();
  });

  it.each(STRAY)('may not be %s, of which the template reads nothing', (_name, input) => {
    expect(faultOfInput(TIDY, input)).toMatch(/^must (lie|be a plain)/);
  });

  it.each(STRAY.slice(0, 3))('may not be %s, even where the template reads it', (_name, input) => {
    expect(faultOfInput(NOSY, input)).toMatch(/^must lie (in your own area|under)/);
  });

  it('names what it may be', () => {
    expect(faultOfInput(TIDY, 'gs://elsewhere/a.csv')).toBe(
      `must lie under gs://inputs/open/ or gs://inputs/shared/ or gs://drop/uploads/${MINE}/`,
    );
    expect(faultOfInput(TIDY, OWN.replace(MINE, OTHERS))).toBe(
      `must lie in your own area, gs://drop/uploads/${MINE}/`,
    );
    expect(faultOfInput(TIDY, OWN, null)).toBe(
      'must lie under gs://inputs/open/ or gs://inputs/shared/',
    );
  });
});

describe('a template', () => {
  it.each<readonly [boolean, unknown]>([
    [true, TIDY_PARAMETERS],
    [true, SCRIPT_PARAMETERS],
    [false, { type: 'object', properties: { day: { type: 'string', format: 'date' } } }],
    [false, {}],
  ])('takes files of callers: %s', (takes, parameters) => {
    expect(takesUploads({ parameters: parameters as Template['parameters'] })).toBe(takes);
  });
});
