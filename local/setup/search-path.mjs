import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Finds a program on PATH; returns its path as found, or undefined. */
export function findOnPath(name, env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** Tells whether a path names a file that may be run. */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Resolves links; returns undefined when nothing is there. */
export function realPathOrUndefined(path) {
  try {
    return path === undefined ? undefined : realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Takes the folders below `folder` off a PATH: `npm run` puts node_modules/.bin first on it. */
export function leaveOut(folder, path) {
  const folders = path.split(delimiter);
  return folders.filter((each) => !each.startsWith(`${folder}/`)).join(delimiter);
}
