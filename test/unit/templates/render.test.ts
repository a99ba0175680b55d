import { describe, expect, it } from 'vitest';
import type { Program } from '../../../shared/templates/program.ts';
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

describe('a rendered program of another kind', () => {
  const parameters = { input: 'gs://inputs/open/a.csv', mode: 'fast', limit: 10, note: "n' OR 1" };
  const own = { 'spark.jobgate.job': 'jg-1', 'spark.jobgate.correlation': 'nightly-1' };
  const limit = { kind: 'parameter', name: 'limit' } as const;
  const render = (program: Program): unknown =>
    renderProgram({ ...TIDY, program }, parameters, PLACE);

  it.each([
    [{ kind: 'jar', path: 'a.jar' } as const, { kind: 'jar', uri: `${FOLDER}/a.jar` }],
    [{ kind: 'class', name: 'com.acme.Main' } as const, { kind: 'class', name: 'com.acme.Main' }],
  ])('starts Spark by %j', (main, start) => {
    const rest = { jars: ['b.jar'], args: [limit], properties: { 'spark.x': '1' } };
    expect(render({ kind: 'spark', main, ...rest })).toEqual({
      kind: 'spark',
      main: start,
      jarUris: [`${FOLDER}/b.jar`],
      args: ['10'],
      properties: { 'spark.x': '1', ...own },
      outputUri: 'gs://results/tidy/jg-1/',
    });
  });

  it('starts R with whole arguments', () => {
    const note = { kind: 'parameter', name: 'note' } as const;
    expect(render({ kind: 'sparkR', main: 'a.R', args: [note], properties: {} })).toEqual({
      kind: 'sparkR',
      mainUri: `${FOLDER}/a.R`,
      args: ["n' OR 1"],
      properties: own,
      outputUri: 'gs://results/tidy/jg-1/',
    });
  });

  it.each([
    ['sparkSql', own],
    ['hive', { 'jobgate.job': 'jg-1', 'jobgate.correlation': 'nightly-1' }],
  ] as const)('gives %s one value for each variable', (kind, properties) => {
    const variables = {
      most: limit,
      mode: { kind: 'parameter', name: 'mode' },
      table: { kind: 'literal', value: 'flights' },
      output: { kind: 'outputUri' },
    } as const;
    const program = { kind, main: 'a.sql', variables, jars: ['udf.jar'], properties: {} };
    expect(render(program)).toEqual({
      kind,
      mainUri: `${FOLDER}/a.sql`,
      jarUris: [`${FOLDER}/udf.jar`],
      variables: { most: '10', mode: 'fast', table: 'flights', output: 'gs://results/tidy/jg-1/' },
      properties,
      outputUri: 'gs://results/tidy/jg-1/',
    });
  });
});
