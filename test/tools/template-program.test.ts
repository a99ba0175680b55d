import { describe, expect, it } from 'vitest';
import { findProgramFaults, toProgram } from '../../tools/template-program.ts';
import { checkTemplate } from '../../tools/template-schema.ts';
import { findVariableFault } from '../../tools/template-variables.ts';

const PATHS = ['a.py', 'a.jar', 'b.jar', 'a.sql', 'a.hql', 'a.R'];
const PARAMETERS = {
  type: 'object',
  additionalProperties: false,
  required: ['input'],
  properties: {
    input: { type: 'string', format: 'storage-uri' },
    day: { type: 'string', format: 'date', default: '2001-01-01' },
    note: { type: 'string' },
  },
};

/** The faults of a job as `path: message`. */
function faultsOf(job: object): readonly string[] {
  const template = new Map<string, unknown>([
    ['job', job],
    ['parameters', PARAMETERS],
  ]);
  return findProgramFaults(template, PATHS).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

/** The faults of a job in the eyes of the schema alone. */
function schemaFaultsOf(job: object): readonly string[] {
  return checkTemplate({ job })
    .filter(({ path }) => path[0] === 'job')
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a job', () => {
  it.each([
    [
      { spark: { mainClass: 'com.acme.Main', jars: ['a.jar'], args: ['x'], properties: {} } },
      {
        kind: 'spark',
        main: { kind: 'class', name: 'com.acme.Main' },
        jars: ['a.jar'],
        args: [{ kind: 'literal', value: 'x' }],
        properties: {},
      },
    ],
    [
      { spark: { mainJar: 'a.jar', jars: [], args: [{ output: 'uri' }], properties: {} } },
      {
        kind: 'spark',
        main: { kind: 'jar', path: 'a.jar' },
        jars: [],
        args: [{ kind: 'outputUri' }],
        properties: {},
      },
    ],
    [
      {
        sparkSql: {
          main: 'a.sql',
          variables: { d: { parameter: 'day' } },
          jars: [],
          properties: {},
        },
      },
      {
        kind: 'sparkSql',
        main: 'a.sql',
        variables: { d: { kind: 'parameter', name: 'day' } },
        jars: [],
        properties: {},
      },
    ],
    [
      { hive: { main: 'a.hql', variables: {}, jars: [], properties: { 'hive.exec.x': '1' } } },
      { kind: 'hive', main: 'a.hql', variables: {}, jars: [], properties: { 'hive.exec.x': '1' } },
    ],
    [
      { sparkR: { main: 'a.R', args: [{ parameter: 'input' }], properties: {} } },
      { kind: 'sparkR', main: 'a.R', args: [{ kind: 'parameter', name: 'input' }], properties: {} },
    ],
  ])('%j is without faults, and becomes a program', (job, program) => {
    expect(schemaFaultsOf(job)).toEqual([]);
    expect(faultsOf(job)).toEqual([]);
    expect(toProgram(job)).toEqual(program);
  });

  it.each<readonly [object, readonly string[]]>([
    [{ spark: { args: [] } }, ['job.spark: needs either mainClass or mainJar']],
    [
      { spark: { mainClass: 'A', mainJar: 'a.jar', args: [] } },
      ['job.spark: needs either mainClass or mainJar'],
    ],
    [
      { spark: { mainJar: 'no.jar', jars: ['a.py'], args: [{ parameter: 'note' }] } },
      [
        'job.spark.mainJar: names no.jar, which is not in the folder',
        'job.spark.jars: names a.py, whose type it does not take',
        'job.spark.args.0: uses the parameter note, which may be absent: require it or give it a default',
      ],
    ],
    [
      { pyspark: { main: 'a.sql', pyFiles: ['a.jar'], args: [] } },
      [
        'job.pyspark.main: names a.sql, whose type it does not take',
        'job.pyspark.pyFiles: names a.jar, whose type it does not take',
      ],
    ],
    [
      { sparkR: { main: 'a.py', args: [] } },
      ['job.sparkR.main: names a.py, whose type it does not take'],
    ],
    [
      { hive: { main: 'a.py', jars: [] } },
      ['job.hive.main: names a.py, whose type it does not take'],
    ],
    [
      {
        sparkSql: {
          main: 'a.hql',
          variables: {
            a: { parameter: 'input' },
            b: { parameter: 'none' },
            c: "x'; DROP TABLE y",
            d: { parameter: 'note' },
            e: { output: 'uri' },
            f: 'plain words',
          },
        },
      },
      [
        'job.sparkSql.main: names a.hql, whose type it does not take',
        'job.sparkSql.variables.a: must be an enum, a number from 0 on, a boolean, a date, or a text with a strict pattern',
        'job.sparkSql.variables.b: uses the parameter none, which is not declared',
        'job.sparkSql.variables.c: must hold plain words only',
        'job.sparkSql.variables.d: uses the parameter note, which may be absent: require it or give it a default',
      ],
    ],
  ])('%j has its faults named', (job, faults) => {
    expect(faultsOf(job)).toEqual(faults);
  });

  it.each<readonly [object, readonly string[]]>([
    [{}, ['job: must NOT have fewer than 1 properties']],
    [
      {
        sparkR: { main: 'a.R', args: [] },
        hive: { main: 'a.hql' },
      },
      ['job: must NOT have more than 1 properties'],
    ],
    [{ pig: { main: 'a.pig' } }, ['job.pig: is not known']],
    [
      { spark: { mainClass: 'a b', args: [] } },
      [
        'job.spark.mainClass: must match pattern "^[A-Za-z_$][A-Za-z0-9_$]*(\\.[A-Za-z_$][A-Za-z0-9_$]*)*$"',
      ],
    ],
    [
      { sparkSql: { main: 'a.sql', variables: { 'a.b': 'x' } } },
      [
        'job.sparkSql.variables: must match pattern "^[A-Za-z][A-Za-z0-9_]{0,63}$"',
        'job.sparkSql.variables: property name must be valid',
      ],
    ],
    [
      { hive: { main: 'a.hql', properties: { 'jobgate.job': 'x' } } },
      [
        'job.hive.properties: must match pattern "^(?!jobgate\\.|spark\\.)[a-z][A-Za-z0-9._-]{1,200}$"',
        'job.hive.properties: property name must be valid',
      ],
    ],
  ])('%j does not match the schema', (job, faults) => {
    expect(schemaFaultsOf(job)).toEqual(faults);
  });
});

describe('a variable of SQL', () => {
  it.each<readonly [object]>([
    [{ enum: ['fast', 'full-load', 1] }],
    [{ const: 'x' }],
    [{ type: 'string', enum: ['EU', 'US'] }],
    [{ type: 'integer', minimum: 0 }],
    [{ type: 'number', exclusiveMinimum: 0 }],
    [{ type: 'boolean' }],
    [{ type: 'string', format: 'date' }],
    [{ type: 'string', pattern: '^[A-Z]{3}$' }],
    [{ type: 'string', pattern: '^[A-Za-z0-9_]{1,64}$' }],
    [{ type: 'string', pattern: String.raw`^\d{4}-\d{2}$` }],
    [{ type: 'string', pattern: String.raw`^[a-z_]+\.[a-z_]+$` }],
    [{ type: 'string', pattern: '^run-[0-9]+$' }],
  ])('may be %j', (schema) => {
    expect(findVariableFault({ parameter: 'x' }, schema)).toBeUndefined();
  });

  it.each<readonly [object]>([
    [{ type: 'string' }],
    [{ type: 'string', maxLength: 10 }],
    [{ type: 'string', format: 'storage-uri' }],
    [{ type: 'string', format: 'email' }],
    [{ type: 'string', pattern: '[A-Z]{3}' }],
    [{ type: 'string', pattern: '^[A-Z]{3}' }],
    [{ type: 'string', pattern: '[A-Z]{3}$' }],
    [{ type: 'string', pattern: '^.*$' }],
    [{ type: 'string', pattern: '^[^a]$' }],
    [{ type: 'string', pattern: '^[A-z]+$' }],
    [{ type: 'string', pattern: '^[ -~]+$' }],
    [{ type: 'string', pattern: "^[a-z']+$" }],
    [{ type: 'string', pattern: '^[a-z-]+$' }],
    [{ type: 'string', pattern: '^[a-z]+--[a-z]+$' }],
    [{ type: 'string', pattern: '^[a-z]+-[a-z]*-[a-z]+$' }],
    [{ type: 'string', pattern: '^[a-z]+-?[a-z]+$' }],
    [{ type: 'string', pattern: '^[a-z]+-$' }],
    [{ type: 'string', pattern: '^-[a-z]+$' }],
    [{ type: 'string', pattern: '^a$|b$' }],
    [{ type: 'string', pattern: '^(a|.*)$' }],
    [{ type: 'string', pattern: String.raw`^\s+$` }],
    [{ type: 'string', pattern: String.raw`^[\W]+$` }],
    [{ type: 'integer' }],
    [{ type: 'integer', minimum: -5 }],
    [{ type: 'array', items: { type: 'integer' } }],
    [{ enum: ["x' OR 1"] }],
    [{ enum: ['a\nb'] }],
    [{ enum: [null] }],
    [{ enum: ['a;b'] }],
    [{ const: '${other}' }],
    [{ $ref: '#/$defs/x' }],
    [{}],
  ])('cannot be %j', (schema) => {
    expect(findVariableFault({ parameter: 'x' }, schema)).toBe(
      'must be an enum, a number from 0 on, a boolean, a date, or a text with a strict pattern',
    );
  });
});
