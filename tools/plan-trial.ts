/**
 * Plans a trial of a template and prints it as one line of JSON: the batch, or why there is none.
 *
 *     node tools/plan-trial.ts --staging BUCKET --uploads BUCKET --project ID --region NAME --runtime VERSION
 *         --folder PATH NAME [--example N] [-- name=value …]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTemplate } from '../shared/templates/catalog.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';
import { VALIDATORS } from '../shared/templates/generated/validators.js';
import type { Validator } from '../shared/templates/parameters.ts';
import { planTrial, type TrialPlan } from './trial.ts';

const text = { type: 'string', default: '' } as const;

function plan(): TrialPlan {
  const place = { staging: text, uploads: text, project: text, region: text };
  const options = { ...place, runtime: text, folder: text };
  const all = { ...options, example: { type: 'string', default: '1' } } as const;
  const { values, positionals } = parseArgs({ options: all, allowPositionals: true });
  const [name = '', ...words] = positionals;
  const template = findTemplate(CATALOG, name);
  const validator = new Map<string, Validator>(Object.entries(VALIDATORS)).get(name);
  if (template === undefined || validator === undefined) {
    const known = CATALOG.map((each) => each.name).join(', ');
    return { kind: 'refused', sentences: [`There is no template "${name}"; there are ${known}.`] };
  }
  return planTrial(template, validator, {
    example: Number(values.example),
    words,
    stagingBucket: values.staging,
    project: values.project,
    region: values.region,
    runtimeVersion: values.runtime,
    uploadsBucket: values.uploads,
    templateFolder: join(import.meta.dirname, '../templates', template.name),
    folder: values.folder,
  });
}

process.stdout.write(`${JSON.stringify(plan())}\n`);
