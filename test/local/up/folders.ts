import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Makes a folder that is removed after the test. */
export function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'jobgate-up-')));
  folders.push(folder);
  return folder;
}

/** Waits until a file is there. */
export async function waitForFile(path: string): Promise<void> {
  await waitUntil(() => existsSync(path));
}

/** Waits until something holds; the test's own deadline ends a wait in vain. */
export async function waitUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20);
}
