import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { findNameFault } from './new-template-name.ts';
import { runProgram } from './program.ts';
import { addPythonFolder } from './python-folders.ts';
import { renameFiles, rewriteDefinition, rewriteProgram, toModule } from './template-copy.ts';
import { compileParameters } from './template-schema.ts';
import { readTemplateSource, type TemplateSource } from './template-source.ts';
import { renderExampleTest } from './template-test.ts';

/** What a new template is made from. */
export interface NewTemplate {
  /** The folder of the project. */
  readonly root: string;
  /** The folder with the project's own python and ruff. */
  readonly programs: string;
  readonly name: string;
  /** A template to copy; the starter when undefined. */
  readonly from: string | undefined;
}

/** The files that were made or changed, relative to the project, or why nothing was. */
export type NewTemplateOutcome =
  | { readonly kind: 'made'; readonly files: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** The starter, as its own files call it; the folder's name keeps it from being a template. */
const STARTER = { name: 'starter', folder: '_starter' };

/** Makes a template's folder and its test, from the starter or from another template: all of it or nothing. */
export async function makeTemplate(request: NewTemplate): Promise<NewTemplateOutcome> {
  const { root, name, from } = request;
  const fault = await findNameFault(request);
  if (fault !== undefined) return { kind: 'refused', reason: fault };
  const origin = findOrigin(root, from);
  if (typeof origin === 'string') return { kind: 'refused', reason: origin };
  const files = await renderFiles(request, origin);
  mkdirSync(join(root, 'templates', name));
  try {
    for (const [path, content] of files) writeFileSync(join(root, path), content);
    await tidyPython(request, [...files.keys()]);
  } catch (error) {
    rmSync(join(root, 'templates', name), { recursive: true, force: true });
    for (const path of files.keys()) rmSync(join(root, path), { force: true });
    throw error;
  }
  const hasPython = [...files.keys()].some((path) => path.endsWith('.py'));
  const changed = hasPython ? registerFolder(request) : [];
  return { kind: 'made', files: [...files.keys(), ...changed] };
}

/** A template that is copied. */
interface Origin {
  readonly name: string;
  readonly definition: string;
  readonly source: TemplateSource;
}

/** Finds the template to copy, or says why it cannot be. */
function findOrigin(root: string, from: string | undefined): Origin | string {
  const name = from ?? STARTER.name;
  const folder = join(root, 'templates', from === undefined ? STARTER.folder : from);
  const isName = /^[a-z][a-z0-9-]{1,40}$/.test(name);
  if (!isName || !existsSync(join(folder, 'template.yaml')))
    return `There is no template "${name}" to copy.`;
  const source = readTemplateSource(folder, name);
  const [fault] = source.faults;
  if (fault !== undefined)
    return `${name} cannot be copied: ${fault.file}:${fault.line}: ${fault.message}`;
  return { name, source, definition: readFileSync(join(folder, 'template.yaml'), 'utf8') };
}

type Files = ReadonlyMap<string, string | Buffer>;

async function renderFiles({ root, name }: NewTemplate, origin: Origin): Promise<Files> {
  const { source, definition } = origin;
  const folder = `templates/${name}`;
  const names = { from: origin.name, to: name };
  const paths = source.files.map(({ path }) => path);
  const program = findPyspark(source);
  const renamed = renameFiles(paths, program?.main, name);
  const own = rewriteDefinition(definition, names, renamed);
  const files = new Map<string, string | Buffer>();
  files.set(`${folder}/template.yaml`, await formatYaml(own, join(root, folder, 'template.yaml')));
  for (const { path, content } of source.files) {
    const isPython = path.endsWith('.py');
    const copy = isPython ? rewriteProgram(content.toString(), names, renamed) : content;
    files.set(`${folder}/${renamed.get(path) ?? path}`, copy);
  }
  // The tests of jobs run Python; what is written in another language is tried with npm run try.
  if (program === undefined) return files;
  const test =
    origin.name === STARTER.name
      ? rewriteProgram(readFileSync(join(root, STARTER_TEST), 'utf8'), names, renamed)
      : renderTest(name, source, program);
  return files.set(`test/templates/test_${toModule(name)}.py`, test);
}

const STARTER_TEST = 'test/templates/test_starter.py';

async function formatYaml(text: string, path: string): Promise<string> {
  return format(text, { ...(await resolveConfig(path)), parser: 'yaml' });
}

function renderTest(name: string, source: TemplateSource, program: PysparkProgram): string {
  const { args, properties } = program;
  const [example = {}] = source.content['examples'] as readonly Record<string, unknown>[];
  const parameters = fillIn(source, example);
  return renderExampleTest({ main: `${name}/${toModule(name)}.py`, args, properties, parameters });
}

/** The example with the defaults of what it leaves out. */
function fillIn({ content }: TemplateSource, example: Readonly<Record<string, unknown>>) {
  const filled = structuredClone(example);
  const compiled = compileParameters(content['parameters']);
  if (compiled.kind === 'valid') compiled.check(filled);
  return filled;
}

interface PysparkProgram {
  readonly main: string;
  readonly args: readonly unknown[];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The program of a template that runs PySpark; undefined for one of another kind. */
function findPyspark({ content }: TemplateSource): PysparkProgram | undefined {
  return (content['job'] as { readonly pyspark?: PysparkProgram }).pyspark;
}

/** Renamed modules stand in another order among the imports, and their lines have other lengths. */
async function tidyPython({ root, programs }: NewTemplate, files: readonly string[]) {
  const python = files.filter((path) => path.endsWith('.py'));
  // Without a file ruff would take the whole folder.
  if (python.length === 0) return;
  for (const step of [['check', '--select', 'I', '--fix'], ['format']]) {
    const args = [...step, '--no-cache', '--quiet', '--', ...python];
    const options = { cwd: root, timeoutMs: 30_000, maxBytes: 1024 * 1024 };
    const { status, stderr } = await runProgram(join(programs, 'ruff'), args, options);
    if (status !== 0) throw new Error(`ruff cannot tidy ${python.join(', ')}: ${stderr}`);
  }
}

function registerFolder({ root, name }: NewTemplate): readonly string[] {
  const path = join(root, 'pyproject.toml');
  const text = readFileSync(path, 'utf8');
  const changed = addPythonFolder(text, `templates/${name}`);
  if (changed === text) return [];
  writeFileSync(path, changed);
  return ['pyproject.toml'];
}
