import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBoundFaults } from '../../tools/template-bounds.ts';
import { compileParameters } from '../../tools/template-schema.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The faults of a schema whose one parameter is given. */
function faultsOf(parameter: unknown, rest: object = {}): readonly string[] {
  const schema = { type: 'object', properties: { value: parameter }, ...rest };
  return findBoundFaults(schema).map(({ path, message }) => `${path.join('.')} ${message}`);
}

const text = (pattern: string) => ({ type: 'string', pattern });

describe('a pattern', () => {
  it.each([
    String.raw`^gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/[^*?\[\]{}\\]+\.csv$`,
    '^[A-Za-z][A-Za-z0-9 _$-]*$',
    '^(any|[A-Z]{3})$',
    String.raw`^\p{L}[\p{L}\p{M} '-]*$`,
    '^[a-z]+(,[a-z]+)*$',
    String.raw`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`,
    '^[a-z]{1,200}-[a-z0-9]{1,200}$',
  ])('may try each character once: %s', (pattern) => {
    expect(faultsOf(text(pattern))).toEqual([]);
  });

  it.each([
    ['a repetition of repetitions', '^(a+)+$'],
    ['alternatives that are alike', '^(a|a)*$'],
    ['optional marks between words', String.raw`^(\w+\s?)*$`],
    ['counted repetitions in each other', '^([a-z]{1,50}){1,50}$'],
    ['neighbours that take the same', '^[a-z]+[a-z]+$'],
    ['neighbours at a distance', '^a*b*c*a*$'],
    ['any text twice', '^.*a.*b$'],
    ['no anchor', '[a-z]+x$'],
    ['a group that cannot be read', String.raw`^(?<x>a)\k<x>+$`],
  ])('must not try again and again: %s', (_name, pattern) => {
    expect(faultsOf(text(pattern))).toEqual([
      expect.stringMatching(/^parameters\.properties\.value\.pattern may try a long text again/),
    ]);
  });

  it('is found wherever a schema may hold one, and nowhere else', () => {
    const bad = text('^(a+)+$');
    const value = {
      anyOf: [{ items: { not: bad } }],
      patternProperties: { '^(b+)+$': {}, '^x': bad },
      $defs: { pattern: bad },
      default: bad,
      enum: [bad],
    };
    expect(findBoundFaults({ properties: { value } }).map(({ path }) => path.join('.'))).toEqual([
      'parameters.properties.value.patternProperties.^(b+)+$',
      'parameters.properties.value.anyOf.0.items.not.pattern',
      'parameters.properties.value.patternProperties.^x.pattern',
      'parameters.properties.value.$defs.pattern.pattern',
    ]);
  });

  it.each(['templates/template.schema.json', 'shared/http/schemas/submit-job.schema.json'])(
    'of our own is no other: %s',
    (path) => {
      const schema: unknown = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
      expect(findBoundFaults(schema)).toEqual([]);
    },
  );
});

describe('a name', () => {
  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])(
    'that every object seems to have is refused: %s',
    (name) => {
      const properties = Object.fromEntries([[name, { type: 'string' }]]);
      expect(faultsOf({ type: 'object', properties })).toEqual([
        `parameters.properties.value.properties.${name} has a name that every object has in JavaScript: choose another`,
      ]);
    },
  );
});

describe('a list without repetitions', () => {
  it('has a bound', () => {
    const list = { type: 'array', uniqueItems: true, items: {} };
    expect(faultsOf({ ...list, maxItems: 100 })).toEqual([]);
    const faults = ['parameters.properties.value.uniqueItems needs maxItems of at most 100'];
    expect(faultsOf(list)).toEqual(faults);
    expect(faultsOf({ ...list, maxItems: 101 })).toEqual(faults);
  });
});

describe('a largest file', () => {
  it('is named of uploads alone, whose size is known', () => {
    expect(faultsOf({ type: 'string', format: 'upload-uri', maxBytes: 1 })).toEqual([]);
    const faults = [
      'parameters.properties.value.maxBytes goes with format: upload-uri and no other',
    ];
    expect(faultsOf({ type: 'string', format: 'storage-uri', maxBytes: 1 })).toEqual(faults);
    expect(faultsOf({ type: 'string', maxBytes: 1 })).toEqual(faults);
  });

  it.each([0, 1.5, '1MiB'])('is no %j', (maxBytes) => {
    const script = { type: 'string', format: 'upload-uri', maxBytes };
    expect(compileParameters({ type: 'object', properties: { script } })).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('maxBytes') as string,
    });
  });
});

describe('a reference', () => {
  const refer = (name: string) => ({ $ref: `#/$defs/${name}` });
  const tooMuch = [
    'parameters refers to itself, or comes to more than 1000 schemas with all that it refers to',
  ];

  it('leads to a definition of the template’s own', () => {
    expect(faultsOf(refer('day'), { $defs: { day: { type: 'string' } } })).toEqual([]);
    expect(faultsOf({ $ref: 'https://example.com/schema' })).toEqual([
      'parameters.properties.value.$ref must be of the form #/$defs/name',
    ]);
    expect(faultsOf({ $dynamicRef: '#value' })).toEqual([
      'parameters.properties.value.$dynamicRef is not taken',
    ]);
  });

  it.each([
    ['to itself', { tree: { anyOf: [{ type: 'string' }, { items: refer('tree') }] } }],
    ['to one that leads back', { tree: { items: refer('leaf') }, leaf: { not: refer('tree') } }],
  ])('must not lead in a circle: %s', (_name, $defs) => {
    expect(faultsOf(refer('tree'), { $defs })).toEqual(tooMuch);
  });

  it('must not come to a cascade', () => {
    const levels = Array.from({ length: 60 }, (_, level): [string, object] => [
      `level${level}`,
      { allOf: [refer(`level${level + 1}`), refer(`level${level + 1}`)] },
    ]);
    const $defs = { ...Object.fromEntries(levels), level60: { type: 'string' } };
    expect(faultsOf(refer('level0'), { $defs })).toEqual(tooMuch);
  });
});
