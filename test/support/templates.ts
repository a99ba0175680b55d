import type { Validator } from '../../shared/templates/parameters.ts';
import type { RenderedProgram } from '../../shared/templates/render.ts';
import type { Template, TemplateName } from '../../shared/templates/template.ts';
import { createAjv } from '../../tools/template-schema.ts';

/** The parameters of {@link TIDY}: one of each kind that templates use. */
export const TIDY_PARAMETERS = {
  type: 'object',
  additionalProperties: false,
  required: ['input'],
  properties: {
    input: { type: 'string', format: 'storage-uri', maxLength: 200 },
    mode: { type: 'string', enum: ['fast', 'full'], default: 'fast' },
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10 },
    note: { type: 'string', maxLength: 200, default: '' },
  },
} as const;

/** A template that analysts may submit and the platform may run without any scope. */
export const TIDY: Template = {
  name: 'tidy' as TemplateName,
  version: '1.2.0',
  digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
  title: 'Tidy a table',
  description: 'Reads a table and tidies it.',
  owner: 'data@example.com',
  deprecated: false,
  access: 'Ask data@example.com.',
  parameters: TIDY_PARAMETERS,
  examples: [{ input: 'gs://inputs/open/a.csv' }],
  program: {
    kind: 'pyspark',
    main: 'tidy.py',
    pyFiles: ['rules.py'],
    args: [
      { kind: 'literal', value: '--input' },
      { kind: 'parameter', name: 'input' },
      { kind: 'literal', value: '--note' },
      { kind: 'parameter', name: 'note' },
      { kind: 'literal', value: '--limit' },
      { kind: 'parameter', name: 'limit' },
      { kind: 'literal', value: '--output' },
      { kind: 'outputUri' },
    ],
    properties: { 'spark.executor.instances': '2' },
  },
  target: 'analytics',
  submitter: 'jg-submit-tidy',
  runtimeAccount: 'jg-run-tidy',
  reads: ['gs://inputs/open/', 'gs://inputs/shared/'],
  writes: ['gs://results/tidy/'],
  output: 'gs://results/tidy/',
  allow: [{ groups: ['analysts'], scopes: ['jobs:submit'] }, { groups: ['platform'] }],
  limits: {
    maxRuntimeSeconds: 1800,
    maxConcurrent: { perCaller: 2, perTemplate: 10 },
    maxRunsPerDay: 50,
    maxCost: { amount: '5.00', currency: 'USD' },
  },
};

/** The arguments of a rendered program; a file of statements has none. */
export function argsOf(program: RenderedProgram | undefined): readonly string[] {
  return program !== undefined && 'args' in program ? program.args : [];
}

/** Compiles a parameter schema as the template compiler does. */
export function compileValidator(schema: object): Validator {
  return createAjv().compile(schema);
}
