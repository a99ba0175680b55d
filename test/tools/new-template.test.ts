import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makeTemplate } from '../../tools/new-template.ts';
import { runProgram } from '../../tools/program.ts';
import { readTemplateSource, readTemplateSources } from '../../tools/template-source.ts';

const project = join(import.meta.dirname, '../..');
const programs = join(project, '.local/venv/bin');
const copied = ['templates', 'test/templates', 'pyproject.toml', '.prettierrc.json'];
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A copy of the project's templates and their tests. */
function makeProject(): string {
  const root = mkdtempSync(join(tmpdir(), 'new-template-'));
  folders.push(root);
  mkdirSync(join(root, 'test'));
  for (const path of copied) cpSync(join(project, path), join(root, path), { recursive: true });
  return root;
}

function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function listAll(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}

/** What ruff says against the Python of a project; empty when it has nothing to say. */
async function lint(root: string): Promise<string> {
  const options = { cwd: root, timeoutMs: 30_000, maxBytes: 1024 * 1024 };
  const runs = [
    ['check', '--no-cache', '--quiet', '.'],
    ['format', '--check', '--no-cache', '--quiet', '.'],
  ].map((args) => runProgram(join(programs, 'ruff'), args, options));
  const ended = await Promise.all(runs);
  return ended.map(({ stdout, stderr }) => `${stdout.toString()}${stderr}`).join('');
}

describe('a new template', () => {
  it('is a template without fault, whose names, accounts and files are its own', async () => {
    const root = makeProject();
    expect(await makeTemplate({ root, programs, name: 'late-birds', from: undefined })).toEqual({
      kind: 'made',
      files: [
        'templates/late-birds/template.yaml',
        'templates/late-birds/late_birds.py',
        'test/templates/test_late_birds.py',
        'pyproject.toml',
      ],
    });
    const source = readTemplateSources(join(root, 'templates')).find(
      ({ name }) => name === 'late-birds',
    );
    expect(source?.faults).toEqual([]);
    expect(source?.content).toMatchObject({
      name: 'late-birds',
      version: '0.1.0',
      job: { pyspark: { main: 'late_birds.py' } },
      submitter: 'jg-submit-late-birds',
      runtimeAccount: 'jg-run-late-birds',
      writes: ['gs://jobgate-results/late-birds/'],
      output: { uri: 'gs://jobgate-results/late-birds/' },
    });
    expect(read(root, 'templates/late-birds/late_birds.py')).toContain('appName("late-birds")');
    expect(read(root, 'test/templates/test_late_birds.py')).toContain('from late_birds import ');
    expect(read(root, 'pyproject.toml').split('"templates/late-birds",\n')).toHaveLength(3);
    expect(await lint(root)).toBe('');
  });

  it('from another one has copies of its files under names that no other template has', async () => {
    const root = makeProject();
    const name = 'cleaner-than-clean-1';
    const made = await makeTemplate({ root, programs, name, from: 'preprocess' });
    const module = 'cleaner_than_clean_1';
    expect(made).toEqual({
      kind: 'made',
      files: [
        `templates/${name}/template.yaml`,
        `templates/${name}/${module}_cleaning.py`,
        `templates/${name}/${module}_datasets.py`,
        `templates/${name}/${module}.py`,
        `templates/${name}/${module}_quality.py`,
        `test/templates/test_${module}.py`,
        'pyproject.toml',
      ],
    });
    const sources = readTemplateSources(join(root, 'templates'));
    const [copy, origin] = [name, 'preprocess'].map((each) =>
      sources.find((source) => source.name === each),
    );
    expect(copy?.faults).toEqual([]);
    const own = ['name', 'version', 'job', 'submitter', 'runtimeAccount', 'writes', 'output'];
    const shared = Object.entries(origin?.content ?? {}).filter(([key]) => !own.includes(key));
    expect(copy?.content).toMatchObject(Object.fromEntries(shared));
    const imports = copy?.files.flatMap(({ content }) =>
      content.toString().match(/^from \w*(cleaning|datasets|quality) import/gm),
    );
    expect(new Set(imports)).toEqual(
      new Set([
        null,
        `from ${module}_cleaning import`,
        `from ${module}_datasets import`,
        `from ${module}_quality import`,
      ]),
    );
    expect(await lint(root)).toBe('');
  });

  it('from another one has a test that runs the first example on the sample file', async () => {
    const root = makeProject();
    await makeTemplate({ root, programs, name: 'late-birds', from: 'flight-delays' });
    const test = read(root, 'test/templates/test_late_birds.py');
    expect(test).toContain('(SAMPLES / "flights-3m.parquet").as_uri(),');
    expect(test).toContain('f"{output.as_uri()}/",');
    expect(test).toContain('"--min-flights",\n        "30",');
    expect(test).toContain('{"spark.sql.parquet.inferTimestampNTZ.enabled": "true"}');
    expect(test).toContain('run_program("late-birds/late_birds.py", arguments,');
  });
});

describe('a copy of run-script', () => {
  it('has a test that puts the file of its example and runs it', async () => {
    const root = makeProject();
    await makeTemplate({ root, programs, name: 'my-scripts', from: 'run-script' });
    const test = read(root, 'test/templates/test_my_scripts.py');
    expect(test).toContain(
      'from programs import ROOT, run_program\nfrom scripts import put_script\n',
    );
    expect(test).toContain('(ROOT / "templates" / "my-scripts" / "example.sql").read_bytes(),');
    expect(await lint(root)).toBe('');
  });
});

/** One template of each other kind, as its job and the content of its files; only the cluster's has no runtime account. */
const OTHER_KINDS: readonly (readonly [
  kind: string,
  job: object,
  files: Readonly<Record<string, string>>,
])[] = [
  [
    'spark',
    { mainJar: 'sum.jar', args: [{ output: 'uri' }] },
    { 'sum.jar': 'PK\u0003\u0004\u00ff' },
  ],
  [
    'sparkSql',
    { main: 'sum.sql', variables: { out: { output: 'uri' } } },
    { 'sum.sql': 'SELECT 1' },
  ],
  ['sparkR', { main: 'sum.R', args: [{ output: 'uri' }] }, { 'sum.R': 'print(1)' }],
  ['hive', { main: 'sum.hql', variables: {} }, { 'sum.hql': 'SELECT 1' }],
];

describe.each(OTHER_KINDS)('a copy of a template of kind %s', (kind, job, files) => {
  /** A project with the template `sum`, which is the shipped preprocess with another program. */
  function makeOther(): string {
    const root = makeProject();
    const { content } = readTemplateSource(join(root, 'templates/preprocess'), 'preprocess');
    const { runtimeAccount, ...rest } = content;
    const account = kind === 'hive' ? {} : { runtimeAccount };
    mkdirSync(join(root, 'templates/sum'));
    const own = { name: 'sum', job: { [kind]: job }, output: { uri: 'gs://jobgate-results/sum/' } };
    const definition = { ...rest, ...account, ...own, writes: ['gs://jobgate-results/sum/'] };
    writeFileSync(join(root, 'templates/sum/template.yaml'), stringify(definition));
    for (const [path, text] of Object.entries(files))
      writeFileSync(join(root, 'templates/sum', path), text, 'latin1');
    return root;
  }

  it('is without fault, and has the same files and no test, as it is no Python', async () => {
    const root = makeOther();
    const project = read(root, 'pyproject.toml');
    expect(await makeTemplate({ root, programs, name: 'total', from: 'sum' })).toEqual({
      kind: 'made',
      files: ['template.yaml', ...Object.keys(files)].map((path) => `templates/total/${path}`),
    });
    const [copy, origin] = ['total', 'sum'].map((name) =>
      readTemplateSource(join(root, 'templates', name), name),
    );
    expect(copy?.faults).toEqual([]);
    expect(copy?.files).toEqual(origin?.files);
    expect(copy?.content['job']).toEqual(origin?.content['job']);
    expect(copy?.content).toMatchObject({
      submitter: 'jg-submit-total',
      writes: ['gs://jobgate-results/total/'],
      output: { uri: 'gs://jobgate-results/total/' },
    });
    expect(read(root, 'pyproject.toml')).toBe(project);
  });

  it('has a runtime account of its own only where the other had one', async () => {
    const root = makeOther();
    await makeTemplate({ root, programs, name: 'total', from: 'sum' });
    const { content } = readTemplateSource(join(root, 'templates/total'), 'total');
    expect(content['runtimeAccount']).toBe(kind === 'hive' ? undefined : 'jg-run-total');
  });
});

describe('a template that cannot be made', () => {
  const nameRule =
    'is no name for it: 2 to 20 characters, a to z, digits and hyphens, a letter first and no hyphen last.';

  it.each<readonly [string, string | undefined, string]>([
    ['preprocess', undefined, 'There is a template "preprocess" already.'],
    ['Birds', undefined, `"Birds" ${nameRule}`],
    ['b', undefined, `"b" ${nameRule}`],
    ['birds-', undefined, `"birds-" ${nameRule}`],
    ['../birds', undefined, `"../birds" ${nameRule}`],
    ['a-name-of-21-letters-', undefined, `"a-name-of-21-letters-" ${nameRule}`],
    ['json', undefined, 'Its program would be json.py, and Python has "json" already.'],
    ['pyspark', undefined, 'Its program would be pyspark.py, and Python has "pyspark" already.'],
    ['lambda', undefined, 'Its program would be lambda.py, and Python has "lambda" already.'],
    [
      'cleaning',
      undefined,
      'Its program would be cleaning.py, which templates/preprocess has already.',
    ],
    [
      'preprocess-rows',
      undefined,
      'Its program would be preprocess_rows.py, which test/templates has already.',
    ],
    ['birds', 'nothing', 'There is no template "nothing" to copy.'],
    ['birds', '../templates/preprocess', 'There is no template "../templates/preprocess" to copy.'],
    ['birds', '_starter', 'There is no template "_starter" to copy.'],
  ])('%s from %s is refused, and nothing is written', async (name, from, reason) => {
    const root = makeProject();
    const before = listAll(root);
    const outcome = await makeTemplate({ root, programs, name, from });
    expect(outcome).toEqual({ kind: 'refused', reason });
    expect(listAll(root)).toEqual(before);
  });

  it('is one from a template with faults', async () => {
    const root = makeProject();
    writeFileSync(join(root, 'templates/preprocess/template.yaml'), 'name: preprocess\n');
    const outcome = await makeTemplate({ root, programs, name: 'birds', from: 'preprocess' });
    expect(outcome).toMatchObject({ kind: 'refused' });
    const reason = outcome.kind === 'refused' ? outcome.reason : '';
    expect(reason).toMatch(/^preprocess cannot be copied: \S+template\.yaml:1: must have /);
  });

  it('leaves nothing when a step of it fails', async () => {
    const root = makeProject();
    const before = listAll(root);
    const broken = join(root, 'templates/_starter/starter.py');
    writeFileSync(broken, 'def (:\n');
    const making = makeTemplate({ root, programs, name: 'birds', from: undefined });
    await expect(making).rejects.toThrow(/^ruff cannot tidy /);
    expect(listAll(root)).toEqual(before);
    expect(existsSync(join(root, 'templates/birds'))).toBe(false);
  });
});
