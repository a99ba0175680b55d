import { describe, expect, it } from 'vitest';
import { renderProgram } from '../../../shared/templates/render.ts';
import { argsOf, TIDY } from '../../support/templates.ts';

const PLACE = { stagingBucket: 'stage', jobId: 'jg-1', correlationId: 'nightly-1' };
const FOLDER = `gs://stage/templates/tidy/${'0123456789abcdef'.repeat(4)}`;

describe('a rendered program', () => {
  it('names the published files, the arguments, the properties and the output', () => {
    const parameters = { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: 'n' };
    expect(renderProgram(TIDY, parameters, PLACE)).toEqual({
      kind: 'pyspark',
      mainUri: `${FOLDER}/tidy.py`,
      pyFileUris: [`${FOLDER}/rules.py`],
      args: [
        '--input',
        'gs://inputs/open/a.csv',
        '--note',
        'n',
        '--limit',
        '10',
        '--output',
        'gs://results/tidy/jg-1/',
      ],
      properties: {
        'spark.executor.instances': '2',
        'spark.jobgate.job': 'jg-1',
        'spark.jobgate.correlation': 'nightly-1',
      },
      outputUri: 'gs://results/tidy/jg-1/',
    });
  });

  it.each([
    ['a space', 'a b'],
    ['an option', '--output=gs://elsewhere/'],
    ['quotes', '\'"`$(id)'],
    ['a line break', 'a\n--output\ngs://elsewhere/'],
    ['a placeholder', '${limit} {{limit}} $(limit) %s'],
    ['nothing', ''],
    ['a prototype’s name', '__proto__'],
  ])('holds %s as one whole argument', (_name, note) => {
    const args = argsOf(renderProgram(TIDY, { input: 'i', limit: 1, note }, PLACE));
    expect(args).toEqual([
      '--input',
      'i',
      '--note',
      note,
      '--limit',
      '1',
      '--output',
      'gs://results/tidy/jg-1/',
    ]);
  });

  it.each([
    [true, 'true'],
    [0.5, '0.5'],
    [null, 'null'],
    [['a', 'b'], '["a","b"]'],
    [{ a: 1 }, '{"a":1}'],
  ])('writes the value %j as JSON text', (note, text) => {
    const args = argsOf(renderProgram(TIDY, { input: 'i', limit: 1, note }, PLACE));
    expect(args[3]).toBe(text);
  });

  it('takes nothing of the caller into files, properties and output', () => {
    const hostile = { input: 'x', note: 'y', limit: 1, main: 'evil.py', outputUri: 'gs://evil/' };
    const program = renderProgram(TIDY, hostile, PLACE);
    expect(JSON.stringify(program)).not.toContain('evil');
  });
});
