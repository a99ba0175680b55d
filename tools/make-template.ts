/**
 * Makes a template from the starter, or from another one, and says what to do next.
 *
 *     node tools/make-template.ts NAME [--from TEMPLATE]
 *
 * Ends with status 1, and one sentence, when there can be none of that name.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemplate } from './new-template.ts';

const ROOT = join(import.meta.dirname, '..');

function renderNext(name: string, files: readonly string[]): string {
  return `Made the template ${name}:

${files.map((file) => `  ${file}`).join('\n')}

Next:

  npm run try ${name}
      runs its example with real Spark; --help says how to give it other parameters
${renderTesting(files)}
  npm run check:templates
      names every fault of its definition

Then say in template.yaml what it does, who may run it (allow), what a run may cost (limits), and what
it reads and writes; docs/templates.md explains every member. Tests that list all templates want its name.
`;
}

/** Only what is written in Python has a test of its own. */
function renderTesting(files: readonly string[]): string {
  return files.some((file) => file.startsWith('test/'))
    ? '  npm test -- spark\n      runs its test, with those of all templates'
    : '  It has no test: those of jobs run Python, and this one is not PySpark.';
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { from: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = ''] = positionals;
  const programs = join(ROOT, '.local/venv/bin');
  const outcome = await makeTemplate({ root: ROOT, programs, name, from: values.from });
  if (outcome.kind === 'made') process.stdout.write(renderNext(name, outcome.files));
  else process.stderr.write(`${outcome.reason}\n`);
  return outcome.kind === 'made' ? 0 : 1;
}

process.exitCode = await main();
