import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerSpec } from '../../../local/up/processes.ts';

/** Describes a server whose program is the given JavaScript; it finds its configuration as `config`. */
export function describeServer(
  folder: string,
  name: string,
  program: string,
  options: { readonly readyTimeoutMs?: number; readonly config?: Record<string, unknown> } = {},
): ServerSpec {
  const script = join(folder, `${name}.mjs`);
  const preamble = `import { readFileSync } from 'node:fs';
const config = JSON.parse(readFileSync(process.argv.at(-1), 'utf8'));
const ready = (more) => console.log(JSON.stringify({ ready: true, pid: process.pid, ...more }));
const stayUp = () => setInterval(() => undefined, 1000);
`;
  writeFileSync(script, preamble + program);
  const { config = {}, ...rest } = options;
  return { name, command: process.execPath, args: [script], config, ...rest };
}

/** A program that serves until it is told to end, or until its parent dies. */
export const WELL_BEHAVED = `process.stdin.resume().once('end', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
ready(); stayUp();`;
