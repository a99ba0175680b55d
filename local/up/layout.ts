import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const projectFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything that the commands make and git ignores. */
export const localFolder = join(projectFolder, '.local');

/** One folder per run of a command that starts processes. */
export const runsFolder = join(localFolder, 'runs');

/** Describes the stack that `npm start` keeps up. */
export const stackFile = join(localFolder, 'stack.json');

/** The programs that npm brought, Node 24 among them. */
export const programFolder = join(projectFolder, 'node_modules', '.bin');
