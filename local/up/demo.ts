import { ApiError } from '../demo/api-client.ts';
import { showJobLife } from '../demo/demo.ts';
import { createScreen } from '../demo/screen.ts';
import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { sample } from './servers.ts';
import { startStack } from './stack.ts';
import { readToolchain } from './toolchain.ts';

/**
 * Brings a stack up, shows one job on it, and ends the stack. Returns 0 only if the job succeeded
 * and its result is right.
 */
export async function runDemo({ args, progress, end }: CommandOptions): Promise<number> {
  if (args[0] !== undefined) throw new StackFailure(`The demo knows no argument "${args[0]}".`);
  const { python } = readToolchain();
  const { signal } = end;
  const running = await startStack({ progress, signal });
  try {
    const screen = createScreen(process.stdout);
    const options = { stack: running.stack, screen, signal, python, csvPath: sample.file };
    const isRight = await Promise.race([showJobLife(options), running.failure]);
    return isRight ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new StackFailure(`The demo stopped: ${error.message}.`, [], { cause: error });
  } finally {
    await running.stop();
  }
}
