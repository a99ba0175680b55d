import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readTemplateSources, type TemplateSource } from '../../tools/template-source.ts';

const DEFINITION = `name: tidy
version: 1.2.0
title: Tidy a table
description: Reads a table and tidies it.
owner: data@example.com
access: Ask data@example.com.
parameters:
  type: object
  additionalProperties: false
  required: [input]
  properties:
    input: { type: string, format: storage-uri }
    limit: { type: integer, default: 10 }
examples:
  - input: gs://inputs/a.csv
job:
  pyspark:
    main: tidy.py
    args:
      - --input
      - parameter: input
      - output: uri
target: analytics
submitter: jg-submit-tidy
runtimeAccount: jg-run-tidy
reads: [gs://inputs/]
writes: [gs://results/tidy/]
output:
  uri: gs://results/tidy/
allow:
  - groups: [analysts]
limits:
  maxRuntimeSeconds: 1800
  maxConcurrent: { perCaller: 2, perTemplate: 10 }
  maxRunsPerDay: 50
  maxCost: { amount: '5.00', currency: USD }
`;

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Writes one template into a folder of its own and reads it. */
function read(definition: string, files: Readonly<Record<string, string>> = {}): TemplateSource {
  const root = mkdtempSync(join(tmpdir(), 'templates-'));
  folders.push(root);
  mkdirSync(join(root, 'tidy'));
  const all = { 'template.yaml': definition, 'tidy.py': 'print(1)\n', ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(root, 'tidy', name), text);
  const [source] = readTemplateSources(root);
  if (source === undefined) throw new Error('the template was not read');
  return source;
}

/** The faults as `line: message`, after a change to the definition. */
function faultsOf(change: readonly [string, string]): readonly string[] {
  expect(DEFINITION).toContain(change[0]);
  const { faults } = read(DEFINITION.replace(change[0], change[1]));
  expect(faults.filter((fault) => !fault.file.endsWith('/tidy/template.yaml'))).toEqual([]);
  return faults.map((fault) => `${fault.line}: ${fault.message}`);
}

describe('a template without faults', () => {
  it('has its content with defaults, its files and a digest', () => {
    const source = read(DEFINITION, { 'rules.py': '', 'notes.md': 'x', 'conftest.txt': 'x' });
    expect(source.faults).toEqual([]);
    expect(source.files.map((file) => file.path)).toEqual(['rules.py', 'tidy.py']);
    expect(source.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(source.content).toMatchObject({
      deprecated: false,
      job: { pyspark: { pyFiles: [], properties: {} } },
    });
  });

  it('has another digest after a change to any file that is published, and to no other', () => {
    const { digest } = read(DEFINITION);
    expect(read(DEFINITION).digest).toBe(digest);
    expect(read(DEFINITION, { 'notes.md': 'x' }).digest).toBe(digest);
    expect(read(DEFINITION, { 'tidy.py': 'print(2)\n' }).digest).not.toBe(digest);
    expect(read(DEFINITION, { 'rules.py': '' }).digest).not.toBe(digest);
    expect(read(`${DEFINITION}# note\n`).digest).not.toBe(digest);
  });
});

describe('a rule of a template', () => {
  it('may have limits up to the template’s own, and names issuers as the configuration does', () => {
    const rule = `- { issuers: [login], actors: ['*'], limits: { maxRuntimeSeconds: 1800, maxConcurrent: { perCaller: 2 }, maxRunsPerDay: 50, maxCost: { amount: '5', currency: USD } } }`;
    const source = read(DEFINITION.replace('- groups: [analysts]', rule));
    expect(source.faults).toEqual([]);
  });
});

describe('a template’s faults', () => {
  it.each<readonly [string, readonly [string, string], readonly string[]]>([
    ['an unknown member', ['owner:', 'colour: red\nowner:'], ['5: colour is not known']],
    [
      'a missing member',
      ['owner: data@example.com\n', ''],
      ["1: must have required property 'owner'"],
    ],
    [
      'a version of two numbers',
      ['version: 1.2.0', "version: '1.2'"],
      [String.raw`2: version must match pattern "^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$"`],
    ],
    [
      'a limit that is text',
      ['maxRunsPerDay: 50', 'maxRunsPerDay: many'],
      ['35: limits.maxRunsPerDay must be integer'],
    ],
    [
      'open parameters',
      ['additionalProperties: false', 'additionalProperties: true'],
      ['9: parameters.additionalProperties must be equal to constant'],
    ],
    [
      'a rule without conditions',
      ['- groups: [analysts]', '- {}'],
      ['31: allow.0 must NOT have fewer than 1 properties'],
    ],
    [
      'an issuer that is named by its URL',
      ['- groups: [analysts]', "- issuers: ['https://login.example']"],
      ['31: allow.0.issuers.0 must match pattern "^[a-z0-9][a-z0-9-]{0,39}$"'],
    ],
    [
      'a rule of limits alone',
      ['- groups: [analysts]', '- limits: { maxRunsPerDay: 5 }'],
      ['31: allow.0 names nobody: give it a condition'],
    ],
    [
      'a rule’s limits above the template’s own',
      [
        '- groups: [analysts]',
        "- { groups: [a], limits: { maxRuntimeSeconds: 1801, maxConcurrent: { perCaller: 3, perTemplate: 11 }, maxRunsPerDay: 51, maxCost: { amount: '5.01', currency: USD } } }",
      ],
      [
        '31: allow.0.limits.maxRuntimeSeconds must not be above the template’s own',
        '31: allow.0.limits.maxConcurrent.perCaller must not be above the template’s own',
        '31: allow.0.limits.maxConcurrent.perTemplate must not be above the template’s own',
        '31: allow.0.limits.maxRunsPerDay must not be above the template’s own',
        '31: allow.0.limits.maxCost must not be above the template’s own',
      ],
    ],
    [
      'a rule’s cost in another currency',
      [
        '- groups: [analysts]',
        "- { groups: [a], limits: { maxCost: { amount: '1', currency: EUR } } }",
      ],
      ['31: allow.0.limits.maxCost must not be above the template’s own'],
    ],
    [
      'a cost in a currency without prices',
      ['currency: USD', 'currency: EUR'],
      ['36: limits.maxCost must be in USD, which the price table has'],
    ],
    [
      'a cap that Dataproc could not keep',
      ["amount: '5.00'", "amount: '0.48'"],
      [
        '36: limits.maxCost must be >= 0.49: Dataproc ends no batch before 10 minutes, which may cost as much; fewer executors (spark.dynamicAllocation.maxExecutors) cost less',
      ],
    ],
    [
      'a tier that has no price',
      [
        'main: tidy.py',
        'main: tidy.py\n    properties: { spark.dataproc.driver.compute.tier: premium }',
      ],
      ['19: job.pyspark.properties.spark.dataproc.driver.compute.tier has no price in the table'],
    ],
    ...[
      'spark.executor.pyspark.memory',
      'spark.executor.minMemoryOverhead',
      'spark.driver.minMemoryOverhead',
      'spark.memory.offHeap.size',
      'spark.memory.offHeap.enabled',
      'spark.executor.resource.gpu.amount',
      'spark.dataproc.executor.disk.count',
    ].map((property): readonly [string, readonly [string, string], readonly string[]] => [
      `a size that has no price (${property})`,
      ['main: tidy.py', `main: tidy.py\n    properties:\n      ${property}: '4'`],
      [
        `20: job.pyspark.properties.${property} sizes a batch and has no price: use cores, memory, memoryOverhead and disk.size of driver and executor, executor.instances, or the bounds of dynamicAllocation`,
      ],
    ]),
    [
      'an unknown limit in a rule',
      ['- groups: [analysts]', '- { groups: [a], limits: { maxRuns: 5 } }'],
      ['31: allow.0.limits.maxRuns is not known'],
    ],
    [
      'a Spark property that Jobgate sets',
      ['main: tidy.py', "main: tidy.py\n    properties: { spark.jobgate.correlation: 'x' }"],
      [
        '19: job.pyspark.properties must match pattern "^spark\\.(?!jobgate\\.)[A-Za-z0-9._-]{1,200}$"',
        '19: job.pyspark.properties property name must be valid',
      ],
    ],
    [
      'another name than the folder’s',
      ['name: tidy', 'name: tidier'],
      ["1: name must be the folder's name, tidy"],
    ],
    [
      'a file that is not there',
      ['main: tidy.py', 'main: other.py'],
      ['18: job.pyspark.main names other.py, which is not in the folder'],
    ],
    [
      'an argument of an unknown parameter',
      ['parameter: input', 'parameter: output'],
      ['21: job.pyspark.args.1 uses the parameter output, which is not declared'],
    ],
    [
      'an output that it may not write',
      ['uri: gs://results/tidy/', 'uri: gs://results/other/'],
      ['29: output.uri must lie under one of writes'],
    ],
    [
      'an example that its parameters refuse',
      ['- input: gs://inputs/a.csv', '- limit: 5'],
      ["15: examples.0  must have required property 'input'"],
    ],
    [
      'a default that its parameters refuse',
      [
        'default: 10 }\nexamples:\n  - input: gs://inputs/a.csv\n',
        'default: ten }\nexamples:\n  - { input: gs://inputs/a.csv, limit: 5 }\n',
      ],
      ['8: parameters gives a default that it refuses: /limit must be integer'],
    ],
    [
      'an unknown keyword in its parameters',
      ['type: integer,', 'type: integer, minimun: 1,'],
      ['8: parameters strict mode: unknown keyword: "minimun"'],
    ],
    [
      'an unknown format in its parameters',
      ['format: storage-uri', 'format: gcs-uri'],
      ['8: parameters unknown format "gcs-uri" ignored in schema at path "#/properties/input"'],
    ],
  ])('are named with their line: %s', (_name, change, faults) => {
    expect(faultsOf(change)).toEqual(faults);
  });

  it('are all named at once', () => {
    const definition = DEFINITION.replace('name: tidy', 'name: other').replace(
      'main: tidy.py',
      'main: no.py',
    );
    expect(read(definition).faults.map((fault) => fault.line)).toEqual([1, 18]);
  });

  it('of YAML itself stand at their line', () => {
    const { faults } = read(DEFINITION.replace('title: Tidy a table', 'title: "Tidy'));
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]?.line).toBeGreaterThanOrEqual(3);
  });

  it('include a parameter that an argument uses and a caller may leave out', () => {
    const change = ['limit: { type: integer, default: 10 }', 'limit: { type: integer }'] as const;
    const definition = DEFINITION.replace(...change).replace('- output: uri', '- parameter: limit');
    expect(read(definition).faults.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      '22: job.pyspark.args.2 uses the parameter limit, which may be absent: require it or give it a default',
    ]);
  });

  it.each([
    ['a list', 'inputs: { type: array, items: { type: string, format: storage-uri } }'],
    [
      'an object',
      'nested: { type: object, properties: { at: { type: string, format: storage-uri } } }',
    ],
  ])('include a storage URI inside %s, where nothing would check it', (_name, property) => {
    const definition = DEFINITION.replace('limit: {', `${property}\n    limit: {`);
    expect(read(definition).faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^parameters\.properties\.(inputs|nested) has a URI below its top, where it would not be checked$/,
      ),
    ]);
  });

  it.each([
    [
      'a pattern that tries again and again',
      'limit: { type: integer, default: 10 }',
      "limit: { type: string, pattern: '^(a+)+$', default: a }",
      /^parameters\.properties\.limit\.pattern may try a long text again and again/,
    ],
    [
      'an example outside of what is read',
      '- input: gs://inputs/a.csv',
      '- input: gs://others/a.csv',
      /^examples\.0 \/parameters\/input must lie under gs:\/\/inputs\/$/,
    ],
    [
      'a default that a program could take for an option',
      '- output: uri',
      '- parameter: limit',
      /^examples\.0 \/parameters\/limit must not begin with "-" or "@"/,
    ],
    [
      'a prefix that leads up',
      'reads: [gs://inputs/]',
      'reads: [gs://inputs/open/../]',
      /^reads\.0 must match pattern/,
    ],
  ])('include %s', (name, from, to, message) => {
    const definition = name.startsWith('a default')
      ? DEFINITION.replace('{ type: integer, default: 10 }', "{ type: string, default: '-' }")
      : DEFINITION;
    expect(definition).toContain(from);
    const { faults } = read(definition.replace(from, () => to));
    expect(faults.map((fault) => fault.message)).toEqual([expect.stringMatching(message)]);
  });

  it('end in one sentence when the folder holds no definition', () => {
    const root = mkdtempSync(join(tmpdir(), 'templates-'));
    folders.push(root);
    mkdirSync(join(root, 'empty'));
    const [source] = readTemplateSources(root);
    expect(source?.faults).toEqual([
      expect.objectContaining({
        line: 1,
        message: 'is missing: every folder of templates/ holds one',
      }),
    ]);
  });

  it.each([
    ['nothing', ''],
    ['text', 'tidy'],
    ['a list', '- tidy'],
  ])('are faults and no crash when the definition is %s', (_name, definition) => {
    expect(read(definition).faults.map(({ line, message }) => [line, message])).toEqual([
      [1, 'must be object'],
    ]);
  });
});
