import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from './layout.ts';

/** The names of the templates, which are those of their folders. */
export function listTemplateNames(): readonly string[] {
  return readdirSync(join(projectFolder, 'templates'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[a-z]/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}
