import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../../../local/up/layout.ts';
import { readToolchain } from '../../../local/up/toolchain.ts';
import { listProcesses } from '../../bare/observation.mjs';
import { makeFolder } from './folders.ts';

/** What the object store does when another process took its port between the look and the start. */
const PORT_TAKEN = `#!/bin/sh
echo 'listen tcp 127.0.0.1:4443: bind: address already in use' >&2
exit 1
`;

/** A project of its own whose object store never gets its port; everything else is the real one. */
function makeProject(): string {
  const folder = makeFolder();
  cpSync(join(projectFolder, 'local'), join(folder, 'local'), { recursive: true });
  for (const name of ['node_modules', 'tools', 'templates', 'package.json']) {
    symlinkSync(join(projectFolder, name), join(folder, name));
  }
  mkdirSync(join(folder, '.local'));
  const fakeGcsServer = join(folder, 'object-store');
  writeFileSync(fakeGcsServer, PORT_TAKEN);
  chmodSync(fakeGcsServer, 0o755);
  const toolchain = { ...readToolchain(), fakeGcsServer };
  writeFileSync(join(folder, '.local/toolchain.json'), JSON.stringify(toolchain));
  return folder;
}

function run(folder: string, command: string): Promise<{ status: number | null; stderr: string }> {
  const main = join(folder, 'local/up/main.ts');
  const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
  const child = spawn(process.execPath, [main, command], { stdio });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => {
    child.once('close', (status) => {
      resolve({ status, stderr });
    });
  });
}

describe('a stack whose server cannot bind its port', () => {
  it.each(['start', 'demo'])(
    'ends npm %s with one sentence and leaves nothing',
    async (command) => {
      const folder = makeProject();
      const { status, stderr } = await run(folder, command);
      expect(status).toBe(1);
      expect(stderr).toContain('\nlocal-google ended with exit status 1 before it served.\n  | ');
      expect(stderr).toContain('listen tcp 127.0.0.1:4443: bind: address already in use');
      expect(stderr).not.toContain('    at ');
      expect(listProcesses(folder)).toEqual([]);
      expect(readdirSync(join(folder, '.local/runs'))).toEqual([]);
      expect(existsSync(join(folder, '.local/stack.json'))).toBe(false);
    },
  );
});
