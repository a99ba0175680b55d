import { parseDocument } from 'yaml';

/** How a copy of a template is called, and what it is a copy of. */
export interface CopyNames {
  readonly from: string;
  readonly to: string;
}

/** The Python module of a template's main program, by the template's name. */
export function toModule(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * Names the job files of a copy: no two templates may have a Python module in common, since their tests import them
 * side by side. The main program gets the template's own name, others that in front; what is no Python stays.
 */
export function renameFiles(
  paths: readonly string[],
  main: string | undefined,
  to: string,
): ReadonlyMap<string, string> {
  const module = toModule(to);
  return new Map(
    paths.map((path) => {
      if (!path.endsWith('.py')) return [path, path];
      return [path, path === main ? `${module}.py` : `${module}_${path}`];
    }),
  );
}

/**
 * Rewrites a definition for a copy: its names, accounts, output and files are its own; comments stay. A template without a
 * runtime account, whose jobs run as their cluster's, stays one.
 */
export function rewriteDefinition(
  text: string,
  { from, to }: CopyNames,
  files: ReadonlyMap<string, string>,
): string {
  const document = parseDocument(text);
  const rename = (path: unknown) => files.get(String(path)) ?? String(path);
  const toOwn = (uri: unknown) => String(uri).replaceAll(`/${from}/`, `/${to}/`);
  document.set('name', to);
  document.set('version', '0.1.0');
  document.set('submitter', `jg-submit-${to}`);
  if (document.has('runtimeAccount')) document.set('runtimeAccount', `jg-run-${to}`);
  document.setIn(['output', 'uri'], toOwn(document.getIn(['output', 'uri'])));
  const job = ['job', 'pyspark'];
  const main = [...job, 'main'];
  if (document.hasIn(main)) document.setIn(main, rename(document.getIn(main)));
  for (const [path, change] of [
    [['writes'], toOwn],
    [[...job, 'pyFiles'], rename],
  ] as const) {
    for (let index = 0; document.hasIn([...path, index]); index += 1)
      document.setIn([...path, index], change(document.getIn([...path, index])));
  }
  return document.toString({ lineWidth: 120 });
}

/** The columns of a line of Python; those of pyproject.toml. */
const COLUMNS = 100;

/**
 * Rewrites a Python file for a copy: imports of renamed modules, and the names of files and of the template in its texts,
 * as far as the line has room for them.
 */
export function rewriteProgram(
  text: string,
  { from, to }: CopyNames,
  files: ReadonlyMap<string, string>,
): string {
  const renamed = [...files].filter(([path, own]) => path !== own);
  return renamed.reduce(renameModule, text.replaceAll(`"${from}"`, `"${to}"`));
}

function renameModule(text: string, [path, renamed]: readonly [string, string]): string {
  const [module, own] = [path, renamed].map((file) => file.replace(/\.py$/, ''));
  const mention = new RegExp(`\\b${module}\\.py\\b`, 'g');
  const lines = text
    .replaceAll(new RegExp(`^(\\s*)from ${module} import\\b`, 'gm'), `$1from ${own} import`)
    .replaceAll(new RegExp(`^(\\s*)import ${module}$`, 'gm'), `$1import ${own} as ${module}`)
    .split('\n');
  const changed = lines.map((line) => {
    const longer = line.replaceAll(mention, renamed);
    return longer.length > COLUMNS ? line : longer;
  });
  return changed.join('\n');
}
