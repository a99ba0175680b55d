import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import { toModule } from './template-copy.ts';

/** A name for a template that is not there yet. */
export interface WantedName {
  readonly root: string;
  readonly programs: string;
  readonly name: string;
}

/** The longest account id has 30 characters, of which `jg-submit-` takes 10. */
const NAME = /^[a-z][a-z0-9-]{0,18}[a-z0-9]$/;

/** Ends with status 3 for a word of Python's own, and for a module that there is. */
const IS_TAKEN = `
import importlib.util, keyword, sys
name = sys.argv[1]
sys.exit(3 if keyword.iskeyword(name) or importlib.util.find_spec(name) else 0)
`;

/** Says why a template cannot be called so; undefined when it can. @throws Error when Python cannot be asked */
export async function findNameFault({ root, programs, name }: WantedName) {
  if (!NAME.test(name))
    return `"${name}" is no name for it: 2 to 20 characters, a to z, digits and hyphens, a letter first and no hyphen last.`;
  if (existsSync(join(root, 'templates', name))) return `There is a template "${name}" already.`;
  const module = toModule(name);
  const owner = findModule(root, module);
  if (owner !== undefined) return `Its program would be ${module}.py, which ${owner} has already.`;
  const args = ['-I', '-c', IS_TAKEN, module];
  const options = { cwd: root, timeoutMs: 30_000, maxBytes: 65_536 };
  const { status, stderr } = await runProgram(join(programs, 'python'), args, options);
  if (status === 3) return `Its program would be ${module}.py, and Python has "${module}" already.`;
  if (status !== 0) throw new Error(`Python cannot be asked for its modules: ${stderr}`);
  return undefined;
}

/** Tests import the programs of all templates side by side, and one another. */
function findModule(root: string, module: string): string | undefined {
  const templates = join(root, 'templates');
  const folders = readdirSync(templates, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `templates/${entry.name}`);
  const files = [`${module}.py`, `test_${module}.py`];
  return [...folders, 'test/templates'].find((folder) =>
    files.some((file) => existsSync(join(root, folder, file))),
  );
}
