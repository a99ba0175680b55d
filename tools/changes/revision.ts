import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../program.ts';
import { readTemplateSources, type TemplateSource } from '../template-source.ts';

/** The templates of a revision, and the commit that it is. */
export interface RevisionTemplates {
  readonly commit: string;
  readonly sources: readonly TemplateSource[];
}

/** A revision cannot be read; the message says why. */
export class RevisionError extends Error {}

const TIMEOUT_MS = 30_000;
const MOST_FILES = 2_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** What lies directly in a template's folder; `\0` ends each entry. Source: git-ls-tree(1), output format, -z. */
const ENTRY = /^100(?:644|755) blob ([0-9a-f]{40,64})\t(templates\/[A-Za-z0-9._-]+\/[^/\0]+)$/;

/** Reads the templates as a git revision has them. @throws RevisionError */
export async function readRevision(root: string, revision: string): Promise<RevisionTemplates> {
  const commit = await findCommit(root, revision);
  const tree = await git(root, ['ls-tree', '-r', '-z', commit, '--', 'templates/']);
  const entries = tree.toString().split('\0').flatMap(parseEntry);
  if (entries.length > MOST_FILES)
    throw new RevisionError(`templates/ has more than ${MOST_FILES} files at ${revision}.`);
  const folder = mkdtempSync(join(tmpdir(), 'jobgate-templates-'));
  try {
    mkdirSync(join(folder, 'templates'));
    for (const { id, path } of entries) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), await git(root, ['cat-file', 'blob', id]));
    }
    return { commit, sources: readTemplateSources(join(folder, 'templates')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function findCommit(root: string, revision: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { status, stdout, stderr } = await run(root, args);
  if (status === 0) return stdout.toString().trim();
  if (status === 1) throw new RevisionError(`There is no revision "${revision}" here.`);
  throw new RevisionError(`git cannot look for "${revision}": ${stderr.trim()}`);
}

function parseEntry(entry: string): readonly { readonly id: string; readonly path: string }[] {
  const [, id, path] = ENTRY.exec(entry) ?? [];
  const isPlain = path !== undefined && !/\/\.\.?(\/|$)/.test(path);
  return id === undefined || !isPlain ? [] : [{ id, path }];
}

async function git(root: string, args: readonly string[]): Promise<Buffer> {
  const { status, stdout, stderr } = await run(root, args);
  if (status === 0) return stdout;
  throw new RevisionError(`git ${args[0] ?? ''} failed: ${stderr.trim()}`);
}

function run(root: string, args: readonly string[]) {
  return runProgram('git', args, { cwd: root, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES });
}
