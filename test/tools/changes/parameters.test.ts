import { describe, expect, it } from 'vitest';
import { compareParameters } from '../../../tools/changes/parameters.ts';
import { DEFINITION, toLines } from './definitions.ts';

type Schema = Readonly<Record<string, unknown>>;

const PROPERTIES = DEFINITION.parameters['properties'] as Readonly<Record<string, Schema>>;

/** What a change to the properties, or to what stands beside them, does. */
function compare(properties: Readonly<Record<string, unknown>>, rest: Schema = {}) {
  const all = Object.entries({ ...PROPERTIES, ...properties });
  const kept = Object.fromEntries(all.filter(([, schema]) => schema !== undefined));
  const parameters = { ...DEFINITION.parameters, properties: kept, ...rest };
  return toLines(compareParameters({ before: DEFINITION, after: { ...DEFINITION, parameters } }));
}

function changeLimit(change: Schema): readonly string[] {
  return compare({ limit: { ...PROPERTIES['limit'], ...change } });
}

describe('what callers must know of a change to the parameters', () => {
  it.each<readonly [string, Schema, readonly string[]]>([
    ['a higher maximum', { maximum: 101 }, ['wider: limit: maximum is 101 (was 100)']],
    ['a lower maximum', { maximum: 99 }, ['breaking: limit: maximum is 99 (was 100)']],
    ['a lower minimum', { minimum: 0 }, ['wider: limit: minimum is 0 (was 1)']],
    ['a higher minimum', { minimum: 2 }, ['breaking: limit: minimum is 2 (was 1)']],
    ['a bound more', { multipleOf: 5 }, ['breaking: limit: multipleOf is 5 (was not set)']],
    ['a bound less', { minimum: undefined }, ['wider: limit: minimum is not set (was 1)']],
    ['another default', { default: 20 }, ['changed: limit: default is 20 (was 10)']],
    ['a wider type', { type: 'number' }, ['wider: limit: type is "number" (was "integer")']],
    ['another type', { type: 'string' }, ['breaking: limit: type is "string" (was "integer")']],
    ['other words', { description: 'How many.' }, []],
  ])('is said of %s', (_name, change, lines) => {
    expect(changeLimit(change)).toEqual(lines);
  });

  it.each([
    [9, 'wider: script: maxBytes is 9 (was 8)'],
    [7, 'breaking: script: maxBytes is 7 (was 8)'],
    [undefined, 'wider: script: maxBytes is not set (was 8)'],
  ])('is said of a largest file of %s bytes', (maxBytes, line) => {
    const script = { type: 'string', format: 'upload-uri', maxBytes: 8 };
    const properties = { ...PROPERTIES, script };
    const before = { ...DEFINITION, parameters: { ...DEFINITION.parameters, properties } };
    const own = { ...properties, script: { ...script, maxBytes } };
    const after = { ...before, parameters: { ...before.parameters, properties: own } };
    expect(toLines(compareParameters({ before, after }))).toEqual([line]);
  });

  it.each<readonly [string, readonly string[], string]>([
    [
      'a value more',
      ['fast', 'full', 'deep'],
      'wider: mode: enum is ["fast","full","deep"] (was ["fast","full"])',
    ],
    ['a value less', ['fast'], 'breaking: mode: enum is ["fast"] (was ["fast","full"])'],
  ])('is said of %s in a list', (_name, values, line) => {
    expect(compare({ mode: { ...PROPERTIES['mode'], enum: values } })).toEqual([line]);
  });

  it('is said of parameters that are new, gone or required', () => {
    expect(compare({ note: { type: 'string' }, mode: undefined })).toEqual([
      'breaking: mode is gone',
      'wider: note is new',
    ]);
    expect(compare({ note: { type: 'string' } }, { required: ['input', 'note'] })).toEqual([
      'wider: note is new',
      'breaking: note is required',
    ]);
    expect(compare({}, { required: [] })).toEqual(['wider: input may be left out']);
  });

  it('is nothing where one with a default becomes required', () => {
    expect(compare({}, { required: ['input', 'limit'] })).toEqual([]);
  });

  it('is that one loses the default that it needs', () => {
    const limit = { type: 'integer', minimum: 1, maximum: 100 };
    expect(compare({ limit }, { required: ['input', 'limit'] })).toEqual([
      'changed: limit: default is not set (was 10)',
      'breaking: limit is required',
    ]);
  });

  it('is that rules over all parameters cannot be judged', () => {
    expect(compare({}, { dependentRequired: { mode: ['limit'] } })).toEqual([
      'breaking: dependentRequired over all parameters is another one',
    ]);
  });

  it('knows parameters that are called like members of every object', () => {
    expect(compare({ constructor: { type: 'string' } })).toEqual(['wider: constructor is new']);
  });

  it('is said of a storage URI that has less room', () => {
    const after = { ...DEFINITION, reads: ['gs://inputs/open/', 'gs://more/'] };
    expect(toLines(compareParameters({ before: DEFINITION, after }))).toEqual([
      'breaking: input may no longer lie anywhere under gs://inputs/',
    ]);
  });
});
