import { chmodSync, copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { findOnPath, isProgram } from './search-path.mjs';

const VERSION = 'v1.56.1';

/**
 * Finds the local object store: the program inside the Python package on Linux x64, else one on
 * PATH. A program that lost its execute bit is copied to where the bit can be set.
 */
export function findFakeGcsServer({ env, local }, packageFolder) {
  const packaged = packageFolder === null ? undefined : packagedProgram(packageFolder);
  const onPath = findOnPath('fake-gcs-server', env);
  if (packaged === undefined) {
    if (onPath !== undefined) return onPath;
    const install = `go install github.com/fsouza/fake-gcs-server@${VERSION}`;
    const where = `${process.platform}-${process.arch}`;
    throw new SetupFailure(
      `No packaged fake-gcs-server exists for ${where}: put one on PATH (${install}).`,
    );
  }
  return isProgram(packaged) ? packaged : copyAsProgram(packaged, join(local, 'bin'));
}

function packagedProgram(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  return join(folder, 'vendor', 'fake-gcs-server', 'bin', 'fake-gcs-server-linux-amd64');
}

function copyAsProgram(source, folder) {
  const target = join(folder, 'fake-gcs-server');
  const draft = `${target}.${process.pid}.draft`;
  mkdirSync(folder, { recursive: true });
  copyFileSync(source, draft);
  chmodSync(draft, 0o755);
  renameSync(draft, target);
  return target;
}
