import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectFolder } from './layout.ts';

/** Runs a tool of the project to its end, on this process's own output, and returns its exit status. */
export function runTool(script: string, args: readonly string[] = []): Promise<number> {
  const file = join(projectFolder, 'tools', script);
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
