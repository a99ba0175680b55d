import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { TargetConfig } from '../../shared/config/targets.ts';
import { toUploadPlace } from '../../shared/jobs/uploads.ts';
import { CATALOG } from '../../shared/templates/generated/catalog.ts';
import type { Template } from '../../shared/templates/template.ts';
import { checkHostileAnswer, checkHostileLines } from '../support/hostile-answers.ts';
import { hostileJson, hostileTexts, hostileUris } from '../support/hostile-values.ts';
import {
  compileDefinition,
  definitions,
  EVERY_KIND,
  removeFolders,
} from '../support/hostile-templates.ts';
import { ANALYST } from '../support/callers.ts';
import { postTo } from '../support/posting.ts';
import { createSubmitBench } from '../support/submit-bench.ts';
import { ANALYTICS, EPHEMERAL, SHARED, UPLOADS } from '../support/targets.ts';
import { TIDY } from '../support/templates.ts';
import { toTemplateShape, type UpstreamShape } from '../support/upstream-shape.ts';

type Values = Readonly<Record<string, unknown>>;

/** Where the caller's own files lie. */
const OWN = toUploadPlace(ANALYST, { deployment: 'jobgate-prod', bucket: UPLOADS.bucket }).area;

/** A template whose examples show files of the caller's own, as whoever follows them has. */
function withOwnFiles(template: Template): Template {
  const area = /"gs:\/\/[a-z0-9._-]+\/uploads\/[a-z2-7]{26}\//g;
  const examples = JSON.stringify(template.examples).replaceAll(area, `"${OWN}`);
  return { ...template, examples: JSON.parse(examples) as Template['examples'] };
}

/** Values for one parameter: those of the examples and near them, and anything. */
function valuesOf(template: Template, name: string, schema: unknown): fc.Arbitrary<unknown> {
  const good = template.examples.flatMap((example) => (name in example ? [example[name]] : []));
  const said = new Map<string, unknown>(Object.entries(schema as object));
  const choices: unknown = said.get('enum');
  const listed: readonly unknown[] = Array.isArray(choices) ? choices : [];
  const known = [...good, said.get('default'), ...listed].filter((value) => value !== undefined);
  const near = good.flatMap((value) =>
    typeof value === 'string' ? [`${value}\n`, `-${value}`, `${value}\0`, ` ${value}`] : [],
  );
  const prefixes = said.get('format') === 'upload-uri' ? [OWN] : [...template.reads, OWN];
  const isUri = said.get('format') === 'storage-uri' || said.get('format') === 'upload-uri';
  const special = isUri
    ? fc
        .oneof(
          hostileUris(prefixes),
          fc.tuple(hostileUris(prefixes), fc.constantFrom('.csv', '.parquet', '.py')),
        )
        .map((parts) => (typeof parts === 'string' ? parts : parts.join('')))
    : fc.oneof(hostileTexts, fc.integer(), fc.double());
  return fc.oneof(
    { arbitrary: fc.constantFrom(...known), weight: 8 },
    { arbitrary: fc.constantFrom<unknown>(...near, null), weight: 1 },
    { arbitrary: special, weight: 6 },
    { arbitrary: hostileJson, weight: 1 },
  );
}

function parametersOf(template: Template): fc.Arbitrary<Values> {
  const properties = template.parameters['properties'] as Values;
  const members = Object.entries(properties).map(([name, schema]) => [
    name,
    valuesOf(template, name, schema).map((value) => value ?? null),
  ]);
  const required = (template.parameters['required'] ?? []) as string[];
  return fc.record(Object.fromEntries(members) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: required,
  });
}

const targetOf = (template: Template): TargetConfig => {
  if (template.program.kind === 'hive')
    return template.runtimeAccount === null ? SHARED : EPHEMERAL;
  return template.runtimeAccount === null ? SHARED : ANALYTICS;
};

/** Sends a body through submit-job, and gives the shape of what went to Dataproc; undefined for a refusal. */
async function shapeOf(
  template: Template,
  target: TargetConfig,
  body: Values,
): Promise<UpstreamShape | undefined> {
  const open = { ...template, allow: [{ groups: ['analysts'] }] };
  const bench = createSubmitBench([open], undefined, target);
  const { status, body: answer } = await postTo(bench.handler, {
    template: template.name,
    ...body,
  });
  checkHostileLines(bench.recorder.lines, bench.audited);
  checkHostileAnswer({
    statusCode: status,
    headers: { 'x-correlation-id': 'x'.repeat(8) },
    body: JSON.stringify(answer),
  });
  const [submission] = bench.gateway.submissions;
  expect(submission === undefined).toBe(status !== 202);
  return submission === undefined ? undefined : toTemplateShape(submission, template, target);
}

/** Holds what is sent for hostile parameters against what is sent for the template's own example. */
async function checkShape(
  template: Template,
  target: TargetConfig,
  parameters: Values,
): Promise<'accepted' | 'refused'> {
  const example = await shapeOf(template, target, { parameters: template.examples[0] });
  const hostile = await shapeOf(template, target, { parameters });
  if (hostile === undefined) return 'refused';
  expect(hostile.request).toEqual(example?.request);
  for (const { name, text, isVariable } of hostile.values) {
    const properties = template.parameters['properties'] as Readonly<Record<string, Values>>;
    const value = Object.hasOwn(parameters, name)
      ? parameters[name]
      : properties[name]?.['default'];
    expect(text).toBe(typeof value === 'string' ? value : JSON.stringify(value ?? null));
    expect(text).not.toMatch(/\0/);
    if (isVariable) expect(text).toMatch(/^(?!.*--)[\w .,:/@+=-]{0,200}$/);
    if (properties[name]?.['enum'] === undefined && typeof value === 'string') {
      expect(text).not.toMatch(/^[-@]/);
    }
    const format = properties[name]?.['format'];
    if (format === 'storage-uri') checkUri([...template.reads, OWN], String(text));
    if (format === 'upload-uri') checkUri([OWN], String(text));
  }
  return 'accepted';
}

/** What Hadoop makes of a path, written down once more and in another way: it, and each path behind a comma, is inside. */
function checkUri(prefixes: readonly string[], text: string): void {
  expect(text).not.toMatch(/[*?{}[\]\\]/);
  for (const path of text.split(',')) {
    for (const read of [path, decode(path), decode(decode(path))]) {
      const [, bucket, rest = ''] = /^gs:\/\/([^/]*)(.*)$/s.exec(read) ?? [];
      const steps: string[] = [];
      for (const step of rest.split('/')) {
        if (step === '..') steps.pop();
        else if (step !== '' && step !== '.') steps.push(step);
      }
      const normal = `gs://${bucket ?? ''}/${steps.join('/')}`;
      const isInside = prefixes.some((prefix) => `${normal}/`.startsWith(prefix));
      expect(isInside, `${text} is read as ${normal}`).toBe(true);
    }
  }
}

/** Decodes what is an encoding and leaves the rest. */
function decode(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

const PLACED: readonly (readonly [string, Template, TargetConfig])[] = [...CATALOG, TIDY]
  .map(withOwnFiles)
  .flatMap((template): readonly (readonly [string, Template, TargetConfig])[] => [
    [`${template.name} as a batch`, template, ANALYTICS],
    [`${template.name} on a cluster`, { ...template, runtimeAccount: null }, SHARED],
    [`${template.name} as a workflow`, template, EPHEMERAL],
  ]);

describe('what is sent to Dataproc', () => {
  it.each(PLACED)(
    'has the shape of the template, whatever a caller sends: %s',
    async (_name, template, target) => {
      let accepted = 0;
      await fc.assert(
        fc.asyncProperty(parametersOf(template), async (parameters) => {
          if ((await checkShape(template, target, parameters)) === 'accepted') accepted += 1;
        }),
        { numRuns: 100, examples: [[template.examples[0] as Values]] },
      );
      expect(accepted).toBeGreaterThan(0);
    },
  );
});

describe('a template that the compiler takes', () => {
  afterAll(removeFolders);

  it('is sent in its own shape, whatever its author and its callers write', async () => {
    const seen = { refusedTemplates: 0, accepted: 0, refused: 0 };
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(definitions, fc.nat(), async (definition, seed) => {
        const template = compileDefinition(definition);
        if (template === undefined) {
          seen.refusedTemplates += 1;
          return;
        }
        kinds.add(template.program.kind);
        const samples = fc.sample(parametersOf(template), { numRuns: 6, seed });
        for (const parameters of [template.examples[0] ?? {}, ...samples]) {
          seen[await checkShape(template, targetOf(template), parameters)] += 1;
        }
      }),
      { numRuns: 30, examples: EVERY_KIND.map((definition) => [definition, 0]) },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
    expect([...kinds].sort()).toEqual(['hive', 'pyspark', 'spark', 'sparkR', 'sparkSql']);
  });
});
