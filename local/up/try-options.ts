import { parseArgs } from 'node:util';
import { StackFailure } from './failure.ts';

/** What `npm run try` was asked for. */
export interface TryOptions {
  readonly name: string;
  /** Position of the example, 1 for the first; checked where the examples are known. */
  readonly example: string;
  /** Whether the result is copied to a folder that stays. */
  readonly keep: boolean;
  /** `name=value` words. */
  readonly words: readonly string[];
}

const HELP = 'See: npm run try -- --help';

/** Reads the arguments of `npm run try`. @throws StackFailure that says what is wrong with them */
export function parseTryOptions(args: readonly string[]): TryOptions {
  const { values, positionals } = parse(args);
  const [name, ...words] = positionals;
  if (name === undefined) throw new StackFailure(`Which template? ${HELP}`);
  const { example = '1', keep = false } = values;
  if (!/^[1-9]\d?$/.test(example))
    throw new StackFailure(`--example takes a number from 1 on, not "${example}".`);
  return { name, example, keep, words };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { example: { type: 'string' }, keep: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new StackFailure(`${said.split(/\.?\s*\n|\. /)[0] ?? said}. ${HELP}`);
  }
}
