import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { projectFolder } from './layout.ts';

/** Prints every fault of the templates with file and line; returns 0 when there is none. */
export async function runCheckTemplates({ args }: CommandOptions): Promise<number> {
  if (args[0] !== undefined) throw new StackFailure(`The check knows no argument "${args[0]}".`);
  const script = join(projectFolder, 'tools', 'compile-templates.ts');
  const child = spawn(process.execPath, [script], { stdio: 'inherit' });
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
  if (status === 0) console.log('The templates have no fault.');
  return status;
}
