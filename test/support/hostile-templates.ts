import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Template } from '../../shared/templates/template.ts';
import { toTemplate } from '../../tools/compiled-template.ts';
import { readTemplateSource } from '../../tools/template-source.ts';
import { HOSTILE_TEXTS } from './hostile-values.ts';

/** A template.yaml as a value. */
export type Definition = Readonly<Record<string, unknown>>;

const READS = 'gs://inputs/open/';

/** A parameter and a value that it takes; the last of them no compiler should take. */
const PARAMETERS: readonly (readonly [object, unknown])[] = [
  [{ type: 'string', format: 'storage-uri' }, `${READS}a.csv`],
  [{ type: 'string', format: 'storage-uri', default: `${READS}b` }, READS],
  [{ type: 'string' }, 'any text'],
  [{ type: 'string', pattern: '^[a-z]+$', default: 'abc' }, 'xyz'],
  [{ type: 'string', enum: ['one', 'other'] }, 'one'],
  [{ type: 'string', format: 'date' }, '2001-02-03'],
  [{ type: 'integer', minimum: 0 }, 7],
  [{ type: 'number' }, -0.5],
  [{ type: 'boolean', default: false }, true],
  [{ type: 'array', items: { type: 'string' }, maxItems: 20 }, ['a', 'b']],
  [{ type: 'object' }, { constructor: { prototype: 1 } }],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, { a: 1 }],
  [{ type: 'string', nullable: true }, null],
  [{}, 'anything'],
  [{ type: 'string', format: 'storage-uri' }, 'gs://others/a.csv'],
  [{ type: 'string', pattern: '^(a+)+$' }, 'a'],
  [{ type: 'array', items: { type: 'string', format: 'storage-uri' } }, []],
];
/** How many of {@link PARAMETERS} a program's argument, and a variable of SQL, may be. */
const [GOOD, WHOLE] = [PARAMETERS.length - 3, [4, 5, 6, 8]];

const literals = fc.constantFrom(
  ...HOSTILE_TEXTS.filter((text) => text.length <= 1_000 && text.isWellFormed()),
);
const plainLiterals = fc.constantFrom('x', 'a b', '2001-01-01', 'gs://inputs/open/x', '');

interface Drawn {
  readonly picks: readonly number[];
  readonly kind: 'pyspark' | 'spark' | 'sparkR' | 'sparkSql' | 'hive';
  readonly texts: readonly string[];
  readonly property: string;
  readonly ownAccount: boolean;
}

const PROPERTIES = ['spark.executor.memory', 'spark.a', 'spark.jobgate.job', 'x', 'hive.exec.a'];

/** A pick of parameters, now and then one that no compiler should take. */
function picksOf(good: readonly number[]): fc.Arbitrary<readonly number[]> {
  return fc.oneof(
    { arbitrary: fc.array(fc.constantFrom(...good), { minLength: 1, maxLength: 6 }), weight: 9 },
    { arbitrary: fc.array(fc.nat(PARAMETERS.length - 1), { minLength: 1 }), weight: 1 },
  );
}

const rest = {
  property: fc.oneof(
    { arbitrary: fc.constant(''), weight: 6 },
    { arbitrary: fc.constantFrom(...PROPERTIES), weight: 4 },
  ),
  ownAccount: fc.boolean(),
};

/** Definitions of templates of every kind, most of which the compiler takes. */
export const definitions: fc.Arbitrary<Definition> = fc
  .oneof(
    fc.record({
      kind: fc.constantFrom('pyspark' as const, 'spark' as const, 'sparkR' as const),
      picks: picksOf([...Array(GOOD).keys()]),
      texts: fc.array(literals, { maxLength: 4 }),
      ...rest,
    }),
    fc.record({
      kind: fc.constantFrom('sparkSql' as const, 'hive' as const),
      picks: picksOf(WHOLE),
      texts: fc.array(plainLiterals, { maxLength: 4 }),
      ...rest,
    }),
  )
  .map(toDefinition);

/** One definition of each kind, and one that no compiler should take. */
export const EVERY_KIND: readonly Definition[] = [
  ...(['pyspark', 'spark', 'sparkR'] as const).map((kind) => ({ kind, picks: [0, 2, 6, 10] })),
  ...(['sparkSql', 'hive'] as const).map((kind) => ({ kind, picks: WHOLE })),
  { kind: 'pyspark' as const, picks: [GOOD] },
].map((each) => toDefinition({ ...each, texts: [], property: '', ownAccount: true }));

function toDefinition(drawn: Drawn): Definition {
  const { picks, ownAccount } = drawn;
  const chosen = picks.map(
    (pick, index) => [`value${index}`, PARAMETERS[pick] ?? [{}, 0]] as const,
  );
  const schemas = chosen.map(([name, [schema]]) => [name, schema] as const);
  return {
    name: 'drawn',
    version: '1.0.0',
    title: 'Drawn',
    description: 'Drawn.',
    owner: 'o@example.com',
    access: 'Ask.',
    parameters: {
      type: 'object',
      additionalProperties: false,
      required: schemas.filter(([, schema]) => !('default' in schema)).map(([name]) => name),
      properties: Object.fromEntries(schemas),
    },
    examples: [Object.fromEntries(chosen.map(([name, [, value]]) => [name, value]))],
    job: {
      [drawn.kind]: toJob(
        drawn,
        chosen.map(([name]) => name),
      ),
    },
    target: 'analytics',
    submitter: 'jg-submit-drawn',
    ...(ownAccount ? { runtimeAccount: 'jg-run-drawn' } : {}),
    reads: [READS, 'gs://inputs/shared/'],
    writes: ['gs://results/drawn/'],
    output: { uri: 'gs://results/drawn/' },
    allow: [{ groups: ['analysts'] }],
    limits: {
      maxRuntimeSeconds: 1800,
      maxConcurrent: { perCaller: 2, perTemplate: 10 },
      maxRunsPerDay: 50,
      maxCost: { amount: '5.00', currency: 'USD' },
    },
  };
}

function toJob({ kind, texts, property }: Drawn, names: readonly string[]): object {
  const placed = names.map((parameter) => ({ parameter }));
  const all = [...texts, ...placed, { output: 'uri' }];
  const properties = property === '' ? {} : { properties: { [property]: '4g' } };
  const variables = Object.fromEntries(all.map((value, index) => [`VALUE_${index}`, value]));
  switch (kind) {
    case 'pyspark':
      return { main: 'main.py', pyFiles: ['more.py'], args: all, ...properties };
    case 'spark':
      return { mainClass: 'com.example.Main', jars: ['main.jar'], args: all, ...properties };
    case 'sparkR':
      return { main: 'main.R', args: all, ...properties };
    case 'sparkSql':
      return { main: 'main.sql', variables, ...properties };
    case 'hive':
      return { main: 'main.hql', variables, ...properties };
    default:
      return kind satisfies never;
  }
}

const folders: string[] = [];

/** Compiles a definition as the files of a template; undefined when it has faults. */
export function compileDefinition(definition: Definition): Template | undefined {
  const root = mkdtempSync(join(tmpdir(), 'hostile-templates-'));
  folders.push(root);
  const folder = join(root, 'drawn');
  mkdirSync(folder);
  for (const name of ['main.py', 'more.py', 'main.jar', 'main.R', 'main.sql', 'main.hql']) {
    writeFileSync(join(folder, name), name);
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'template.yaml'), JSON.stringify(definition));
  const source = readTemplateSource(folder, 'drawn');
  return source.faults.length > 0 ? undefined : (toTemplate(source) as Template);
}

/** Removes what compiling left behind. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}
