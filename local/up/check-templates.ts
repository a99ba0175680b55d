import { parseArgs } from 'node:util';
import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { runTool } from './tool.ts';

const HELP = 'See: npm run check:templates -- --help';

/**
 * Prints every fault of the templates with file and line, and with `--against` what has changed since a revision;
 * returns 0 when there is no fault. @throws StackFailure when the arguments make no sense
 */
export async function runCheckTemplates({ args }: CommandOptions): Promise<number> {
  const { against, json = false } = parse(args);
  if (json && against === undefined) throw new StackFailure(`--json goes with --against. ${HELP}`);
  const status = await runTool('compile-templates.ts');
  if (status !== 0) return status;
  if (!json) console.log('The templates have no fault.');
  if (against === undefined) return 0;
  return runTool('compare-templates.ts', [...(json ? ['--json'] : []), '--', against]);
}

function parse(args: readonly string[]) {
  try {
    const options = { against: { type: 'string' }, json: { type: 'boolean' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new StackFailure(`${said.split(/\.?\s*\n|\. /)[0] ?? said}. ${HELP}`);
  }
}
