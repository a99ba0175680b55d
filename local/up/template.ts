import { parseArgs } from 'node:util';
import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { runTool } from './tool.ts';

const HELP = 'See: npm run template -- --help';

/** Makes a new template; returns 0 when it is there. @throws StackFailure when the arguments make no sense */
export async function runTemplate({ args }: CommandOptions): Promise<number> {
  const { values, positionals } = parse(args);
  const [verb, name, extra] = positionals;
  if (verb !== 'new' || name === undefined || extra !== undefined)
    throw new StackFailure(`It takes "new" and a name. ${HELP}`);
  const from = values.from === undefined ? [] : [`--from=${values.from}`];
  return runTool('make-template.ts', [...from, '--', name]);
}

function parse(args: readonly string[]) {
  try {
    const options = { from: { type: 'string' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new StackFailure(`${said.split(/\.?\s*\n|\. /)[0] ?? said}. ${HELP}`);
  }
}
