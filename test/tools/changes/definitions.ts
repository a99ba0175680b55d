import type { Change, Definition } from '../../../tools/changes/change.ts';

/** A definition that analysts may run. */
export const DEFINITION: Definition = {
  name: 'tidy',
  version: '1.2.0',
  deprecated: false,
  parameters: {
    type: 'object',
    additionalProperties: false,
    required: ['input'],
    properties: {
      input: { type: 'string', format: 'storage-uri', maxLength: 200 },
      mode: { type: 'string', enum: ['fast', 'full'], default: 'fast' },
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
    },
  },
  job: { pyspark: { main: 'tidy.py', args: [], pyFiles: [], properties: {} } },
  target: 'analytics',
  submitter: 'jg-submit-tidy',
  runtimeAccount: 'jg-run-tidy',
  reads: ['gs://inputs/'],
  writes: ['gs://results/tidy/'],
  output: { uri: 'gs://results/tidy/' },
  allow: [{ groups: ['analysts'] }],
  limits: {
    maxRuntimeSeconds: 1800,
    maxConcurrent: { perCaller: 2, perTemplate: 10 },
    maxRunsPerDay: 50,
    maxCost: { amount: '5', currency: 'USD' },
  },
};

/** Changes as `effect: sentence`. */
export function toLines(changes: readonly Change[]): readonly string[] {
  return changes.map(({ effect, text }) => `${effect}: ${text}`);
}
